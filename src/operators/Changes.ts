import { from, isObservable, type Observable, of, Subscriber, type Subscription, take, throwIfEmpty } from 'rxjs';
import { TornadoseError } from '../errors.ts';
import { Message } from '../message.ts';
import { type ClientEnd, type Demand, passEnd, passOn } from '../pull/demand.ts';
import { Queue } from './Queue.ts';

/** What gives a snapshot: a value, a promise of it, or an Observable, of which the first one counts. */
export type LoadSnapshot<S> = (signal: AbortSignal) => S | PromiseLike<S> | Observable<S>;

/** What was last made of each snapshot: clients that are given the same one share it, and its frames. */
const placed = new WeakMap<Message, Message>();

/** What subscribes to `live`: for `live`, it is the client, which can take nothing until the snapshot is there. */
export class Changes<S, T> extends Subscriber<T> implements ClientEnd, Demand {
  readonly #subscriber: Subscriber<S | T>;
  readonly #client: Demand | undefined;
  readonly #load: LoadSnapshot<S>;
  readonly #maxCount: number;
  readonly #aborter = new AbortController();
  #hasBegun = false;
  #loading: Subscription | undefined;
  #isLive = false;
  readonly #held = new Queue<T>();
  /** `live` has completed. */
  #isComplete = false;
  /** `live` will say where it begins. */
  #isLate = false;
  #where: (() => string) | undefined;
  /** Sources that wait for the snapshot. */
  #waiting: (() => void)[] = [];

  constructor(subscriber: Subscriber<S | T>, client: Demand | undefined, load: LoadSnapshot<S>, maxCount: number) {
    super();
    this.#subscriber = subscriber;
    this.#client = client;
    this.#load = load;
    this.#maxCount = maxCount;
  }

  /** `live` has been subscribed. */
  subscribed(): void {
    if (!this.#isLate) this.#begin();
  }

  abort(): void {
    this.#loading?.unsubscribe();
    if (!this.#isLive) this.#aborter.abort();
  }

  // ── what `live` asks and tells ─────────────────────────────────────────────────────────────────────────────────

  get demandOfClient(): Demand {
    return this;
  }

  get ready(): boolean {
    return this.#isLive && this.#client?.ready !== false;
  }

  whenReady(resume: () => void): void {
    if (this.#isLive && this.#client !== undefined) this.#client.whenReady(resume);
    else this.#waiting.push(resume);
  }

  writeNow(): void {
    if (this.#isLive) this.#client?.writeNow?.();
  }

  followLater(): void {
    this.#isLate = true;
  }

  follow(where: () => string, tell: boolean): void {
    this.#where = where;
    if (this.#isLive) this.#client?.follow?.(where, tell);
    else if (this.#isLate) this.#begin();
  }

  protected override _next(value: T): void {
    if (this.#isLive) this.#pass(value);
    else if (this.#held.size < this.#maxCount) this.#held.push(value);
    else this.#fail(overflow(this.#maxCount));
  }

  protected override _error(error: unknown): void {
    this.#fail(error);
  }

  protected override _complete(): void {
    this.#isComplete = true;
    if (this.#isLive) passEnd(this.#subscriber, this.#client);
  }

  // ── the snapshot ───────────────────────────────────────────────────────────────────────────────────────────────

  #begin(): void {
    if (this.#hasBegun || this.#subscriber.closed) return;
    this.#hasBegun = true;
    let snapshot: Observable<S>;
    try {
      snapshot = observableOf(this.#load(this.#aborter.signal));
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#loading = snapshot.pipe(take(1), throwIfEmpty()).subscribe({
      next: (value) => this.#loaded(value),
      error: (error) => this.#fail(error),
    });
    // It may have failed at once, or its load have made the client leave.
    if (this.#subscriber.closed) this.#loading.unsubscribe();
  }

  #loaded(snapshot: S): void {
    this.#pass(this.#placed(snapshot));
    // What these bring about comes after them.
    while (this.#held.size > 0 && !this.#subscriber.closed) this.#pass(this.#held.shift());
    this.#isLive = true;
    if (this.#subscriber.closed) return;
    if (this.#where !== undefined) this.#client?.follow?.(this.#where, false);
    if (this.#isComplete) {
      passEnd(this.#subscriber, this.#client);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  /** The snapshot with the place at which `live` began: what is held would come after that. */
  #placed(snapshot: S): S {
    if (!(snapshot instanceof Message) || snapshot.id !== undefined) return snapshot;
    if (this.#where === undefined || this.#held.size > 0) return snapshot;
    const id = this.#where();
    let message = placed.get(snapshot);
    if (message?.id !== id) {
      const { data, event, retry } = snapshot;
      message = new Message({ data, event, id, retry });
      placed.set(snapshot, message);
    }
    return message as S;
  }

  // ── to the client ──────────────────────────────────────────────────────────────────────────────────────────────

  #pass(value: S | T): void {
    passOn(this.#subscriber, value, this.#client);
  }

  #fail(error: unknown): void {
    this.unsubscribe();
    this.#subscriber.error(error);
  }
}

function observableOf<S>(loaded: S | PromiseLike<S> | Observable<S>): Observable<S> {
  if (isObservable(loaded)) return loaded;
  return isPromiseLike(loaded) ? from(loaded) : of(loaded);
}

function isPromiseLike<S>(value: S | PromiseLike<S>): value is PromiseLike<S> {
  return typeof (value as Partial<PromiseLike<S>> | null | undefined)?.then === 'function';
}

function overflow(limit: number): TornadoseError {
  return new TornadoseError(
    'ERR_OVERFLOW',
    `Expected at most ${limit} changes while the snapshot loads, got one more`,
    {
      limit,
      unit: 'events',
      waiting: limit + 1,
    },
  );
}
