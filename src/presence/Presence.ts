import { distinctUntilChanged, type MonoTypeOperatorFunction, Observable, type Subscriber } from 'rxjs';
import { reportError } from '../diagnostics.ts';
import { checkNames, milliseconds } from '../options.ts';
import { CountTicks } from './CountTicks.ts';
import { Lingering } from './Lingering.ts';
import type { PresenceMessage, Told } from './Observers.ts';
import type { PresenceChange, PresenceMember } from './PresenceChange.ts';
import { Topic, type TopicOwner } from './Topic.ts';
import { checkTopic, type Tracked, trackedOf } from './Tracked.ts';

/** Options of {@link Presence}. */
export interface PresenceOptions {
  /**
   * For how many ms a member stays after its last connection has ended, so that one who comes back in time has never left:
   * an EventSource waits 3 to 5 s before it does. 0 has it leave at once. @defaultValue 10 000
   */
  readonly linger?: number | undefined;
  /** How often `counts` tells of a topic at most, in ms. @defaultValue 1 000 */
  readonly countInterval?: number | undefined;
}

/** The names of {@link PresenceOptions}. */
export const presenceOptionNames: readonly string[] = ['linger', 'countInterval'];

/**
 * Who is connected to what, in this process. What makes a connection count is one operator on the way to its sink:
 *
 * ```ts
 * const presence = new Presence<{ id: string; name: string }>();
 * const room = merge(chat, presence.of('lobby'));
 * void room.pipe(presence.track('lobby', { id: user.id, name: user.name }), toEventSource(res));
 * ```
 *
 * Connections with the same `id` are one member, which joins with the first of them and leaves a while (`linger`) after
 * the last. A member is sent to all who watch: give it what they may see, and nothing else. It is described by whoever
 * connected last.
 *
 * *Cost*: the changes of a room of n members go to n members. From a few hundred on, show {@link counts}. A topic
 * that nobody is in and nobody watches takes no memory.
 *
 * `RedisPresence` of `tornadose/redis` does the same across processes.
 *
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export class Presence<M extends PresenceMember = PresenceMember> {
  readonly #topics = new Map<string, Topic<M>>();
  readonly #owner: TopicOwner;
  #isClosed = false;

  constructor(options: PresenceOptions = {}) {
    checkNames('Presence', options, presenceOptionNames);
    this.#owner = {
      lingering: new Lingering(options.linger === 0 ? 0 : milliseconds('linger', options.linger, 10_000)),
      countTicks: new CountTicks(milliseconds('countInterval', options.countInterval, 1_000)),
      emptied: (name) => this.#emptied(name),
    };
  }

  /**
   * An operator whose subscribers are connections of a member to a topic. It changes nothing of the stream: values are
   * encoded once for all clients, and pulled by their demand, as without it.
   *
   * ```ts
   * void orders.since(lastEventId(req)).pipe(presence.track('orders', user), toEventSource(res));
   * ```
   *
   * A stream that has ended by the time it is subscribed is no connection. Whatever goes wrong with presence is reported
   * on `tornadose:error`, and never the stream's error.
   *
   * @param topic a name of one character or more
   * @param member what JSON can say, in 64 KiB at most
   * @throws TornadoseError `ERR_INVALID_OPTION`, `ERR_UNSERIALISABLE`, `ERR_TOO_LARGE`
   */
  track<T>(topic: string, member: M): MonoTypeOperatorFunction<T> {
    checkTopic(topic);
    const tracked = trackedOf(member);
    return (source) =>
      new Observable<T>((subscriber) => {
        // The very Subscriber of the client, which is where a source that can wait asks for its demand.
        source.subscribe(subscriber);
        if (!subscriber.closed) this.#connect(topic, tracked, subscriber);
      });
  }

  /**
   * Who is here, and then who comes and goes, without a hole: what a page is fed with.
   *
   * ```
   * event: presence   data: {"type":"here","members":[{"id":"7","name":"Ann"}],"count":1}
   * event: presence   data: {"type":"join","id":"8","member":{"id":"8","name":"Bob"},"count":2}
   * ```
   *
   * A page replaces its list at each `here`, which also comes first when it comes back.
   */
  of(topic: string): Observable<PresenceMessage<M>> {
    return this.#watch('feed', topic);
  }

  /**
   * Who comes and goes from now on.
   *
   * ```ts
   * presence.changes('support').subscribe(({ type, member, count }) => console.log(type, member.id, count));
   * ```
   */
  changes(topic: string): Observable<PresenceChange<M>> {
    return this.#watch('changes', topic);
  }

  /**
   * How many members are here: now, and then when that has changed, once in `countInterval` ms at most. Ten thousand who
   * come in a second are one message for each client.
   *
   * ```ts
   * void presence.counts('final').pipe(toEventSource(res, { backpressure: onBackpressureLatest() }));
   * ```
   */
  counts(topic: string): Observable<number> {
    return this.#watch('counts', topic).pipe(distinctUntilChanged());
  }

  /** Who is here now. */
  async members(topic: string): Promise<readonly M[]> {
    checkTopic(topic);
    return this.#topics.get(topic)?.members ?? [];
  }

  /** How many members are here now. */
  async count(topic: string): Promise<number> {
    checkTopic(topic);
    return this.#topics.get(topic)?.size ?? 0;
  }

  /** Completes `of`, `changes` and `counts`, and lets go of all timers. Streams that are tracked go on, untracked. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#owner.lingering.clear();
    this.#owner.countTicks.clear();
    const topics = [...this.#topics.values()];
    this.#topics.clear();
    for (const topic of topics) topic.complete();
    await this.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A topic, if anybody is in it or watches it. @internal */
  protected topicOf(name: string): Topic<M> | undefined {
    return this.#topics.get(name);
  }

  /** A topic that is not there yet. @internal */
  protected newTopic(name: string, owner: TopicOwner): Topic<M> {
    return new Topic(name, owner);
  }

  /** Lets go of what is held beside the topics. Called once, by `close`. @internal */
  protected async release(): Promise<void> {}

  #watch<Kind extends keyof Told<M>>(kind: Kind, topic: string): Observable<Told<M>[Kind]> {
    checkTopic(topic);
    return new Observable((subscriber) => {
      if (this.#isClosed) subscriber.complete();
      else this.#topic(topic).observe(kind, subscriber);
    });
  }

  #connect(topic: string, tracked: Tracked<M>, subscriber: Subscriber<never>): void {
    if (this.#isClosed) return;
    try {
      const disconnect = this.#topic(topic).connect(tracked);
      subscriber.add(() => {
        try {
          if (!this.#isClosed) disconnect();
        } catch (error) {
          reportError('presence', error);
        }
      });
    } catch (error) {
      reportError('presence', error);
    }
  }

  #topic(name: string): Topic<M> {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const topic = this.newTopic(name, this.#owner);
    this.#topics.set(name, topic);
    return topic;
  }

  #emptied(name: string): void {
    const topic = this.#topics.get(name);
    if (!topic?.isIdle) return;
    this.#topics.delete(name);
    topic.dropped();
  }
}
