import { reportError } from '../diagnostics.ts';
import { later } from '../later.ts';
import { unref } from '../unref.ts';
import { Backoff } from './Backoff.ts';

/** A topic whose state is told to Redis. */
export interface QueuedTopic {
  /** Tells Redis what is new, and asks what is not known. It rejects when Redis could not be asked. */
  sync(): Promise<void>;
  /** Its lease is to be renewed: it may ask to be queued. */
  renew(): void;
  /** Tells Redis that this process is about to end. */
  leave(): Promise<void>;
}

/** How many topics are told to Redis at once: what waits behind them is a set of topics, and no commands. */
const mostActive = 32;

/**
 * The topics that Redis is to be told of, each once at a time. What comes in one turn of the event loop is told together.
 * One that failed is tried again; one timer renews the leases of all.
 */
export class TopicQueue {
  readonly #interval: number;
  readonly #using: (used: boolean) => void;
  readonly #topics = new Set<QueuedTopic>();
  readonly #due = new Set<QueuedTopic>();
  readonly #active = new Set<QueuedTopic>();
  readonly #failed = new Set<QueuedTopic>();
  readonly #backoff = new Backoff(100, 5_000);
  #isScheduled = false;
  #isClosed = false;
  #whenIdle: (() => void) | undefined;
  #renewal: ReturnType<typeof setInterval> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  /** `interval` is how often leases are renewed, in ms; `using` is told whether there are topics. */
  constructor(interval: number, using: (used: boolean) => void) {
    this.#interval = interval;
    this.#using = using;
  }

  /** Has leases of the topic renewed from now on. */
  register(topic: QueuedTopic): void {
    this.#topics.add(topic);
    if (this.#topics.size > 1) return;
    this.#using(true);
    // The sockets keep a process running, a lease alone does not.
    this.#renewal = unref(setInterval(() => this.#renew(), this.#interval));
  }

  unregister(topic: QueuedTopic): void {
    this.#due.delete(topic);
    this.#failed.delete(topic);
    if (!this.#topics.delete(topic) || this.#topics.size > 0) return;
    this.#stopTimers();
    this.#using(false);
  }

  /** Has Redis told of the topic soon. */
  add(topic: QueuedTopic): void {
    this.#due.add(topic);
    this.#schedule();
  }

  /** Redis can be reached again: nothing is certain of what was there before. */
  reachable(): void {
    this.#renew();
  }

  /** Tells Redis that this process ends, as long as it answers: leases end by themselves. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimers();
    if (this.#active.size > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    const topics = [...this.#topics];
    // One that could not be reached a moment ago is not waited for.
    const told = this.#failed.size > 0 ? [] : topics;
    try {
      for (let from = 0; from < told.length; from += mostActive)
        await Promise.all(told.slice(from, from + mostActive).map((topic) => topic.leave()));
    } catch (error) {
      reportError('presence', error);
    }
    for (const topic of topics) this.unregister(topic);
  }

  #renew(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#failed.clear();
    for (const topic of this.#topics) topic.renew();
  }

  #stopTimers(): void {
    clearInterval(this.#renewal);
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    later(() => {
      this.#isScheduled = false;
      this.#run();
    });
  }

  #run(): void {
    if (this.#isClosed) return;
    for (const topic of this.#due) {
      if (this.#active.size >= mostActive) return;
      if (this.#active.has(topic)) continue;
      this.#due.delete(topic);
      this.#active.add(topic);
      topic.sync().then(
        () => {
          this.#backoff.reset();
          this.#ended(topic);
        },
        (error) => {
          this.#fail(topic, error);
          this.#ended(topic);
        },
      );
    }
  }

  #ended(topic: QueuedTopic): void {
    this.#active.delete(topic);
    if (this.#due.size > 0) this.#schedule();
    if (this.#active.size === 0) this.#whenIdle?.();
  }

  #fail(topic: QueuedTopic, error: unknown): void {
    if (!this.#topics.has(topic)) return;
    this.#failed.add(topic);
    if (this.#retry !== undefined || this.#isClosed) return;
    // One report for all that fail until they are tried again.
    reportError('presence', error);
    this.#retry = unref(setTimeout(() => this.#tryAgain(), this.#backoff.next()));
  }

  #tryAgain(): void {
    this.#retry = undefined;
    for (const each of this.#failed) this.#due.add(each);
    this.#failed.clear();
    this.#schedule();
  }
}
