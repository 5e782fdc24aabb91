import { Observable, Subject, type Subscriber, type TeardownLogic } from 'rxjs';
import { reportError } from '../diagnostics.ts';
import { TornadoseError } from '../errors.ts';
import { Gap } from '../message.ts';
import { checkNames, integer, invalidOption, milliseconds } from '../options.ts';
import { Store } from '../stores/Store.ts';
import type { ChannelListener } from './Channel.ts';
import { type Codec, text } from './Codec.ts';
import { type Connections, connectionsOf } from './Connections.ts';
import { Lane } from './Lane.ts';
import { decodePayload, encodePayload, tooLarge } from './payload.ts';
import type { RedisClusterLike, RedisLike } from './RedisLike.ts';
import { rejected } from './rejected.ts';

/** Options of {@link RedisStore}. */
export interface RedisStoreSettings<T> {
  /** A client of ioredis 5 or 6. It publishes; a duplicate of it subscribes. It is yours to close. */
  readonly redis: RedisLike | RedisClusterLike;
  /** The channel's name; ioredis's `keyPrefix` does not apply to channels. @defaultValue `'tornadose'` */
  readonly channel?: string | undefined;
  /** How values become text and back: `text`, `json` or your own. @defaultValue `text`, where T is string */
  readonly codec?: Codec<T> | undefined;
  /** How many publishes may be on their way, of all stores that share `redis`. @defaultValue 10 000 */
  readonly maxPending?: number | undefined;
  /** How many bytes may be on their way, of all stores that share `redis`. @defaultValue 8 388 608 (8 MiB) */
  readonly maxPendingBytes?: number | undefined;
  /** After how many ms a publish without an answer fails. @defaultValue 5 000 */
  readonly timeout?: number | undefined;
  /** How large a payload may be, in or out. @defaultValue 1 048 576 (1 MiB) */
  readonly maxMessageBytes?: number | undefined;
}

/** Options of {@link RedisStore}: `codec` may be left out where T is string. */
export type RedisStoreOptions<T = string> = RedisStoreSettings<T> &
  ([T, string] extends [string, T] ? unknown : { readonly codec: Codec<T> });

const optionNames = ['redis', 'channel', 'codec', 'maxPending', 'maxPendingBytes', 'timeout', 'maxMessageBytes'];

/**
 * A Redis Pub/Sub channel: whatever can PUBLISH can publish to the clients of every process that has a store of it, and
 * its text arrives unchanged. A newcomer sees what comes from now on.
 *
 * ```ts
 * const store = new RedisStore({ redis, channel: 'news' });
 * merge(store, store.gaps).pipe(toEventSource(res));      // redis-cli PUBLISH news hello
 * const subscribers = await store.submit('hello');
 * ```
 *
 * `submit` resolves with how many subscribers Redis says got it (in a Cluster, those of one node). It rejects with a
 * TornadoseError, which nobody has to look at: `ERR_REDIS_BUSY`, `ERR_REDIS_DOWN`, `ERR_UNSERIALISABLE`, `ERR_TOO_LARGE`
 * and `ERR_STORE_CLOSED` mean *not sent*, `ERR_REDIS_TIMEOUT` *unknown*, and `ERR_REDIS_REPLY` that Redis refused it.
 * A publish waits until a subscription of this process to the channel that is under way is there. A payload that comes in
 * and cannot be read is skipped, and reported on `tornadose:error` (`ERR_UNREADABLE`, `ERR_TOO_LARGE`).
 *
 * *Promise*: at most once, in the order of Redis. After a lost connection {@link gaps} says that something may be
 * missing. ioredis itself sends a command again whose connection broke before the answer: give the client
 * `autoResendUnfulfilledCommands: false` where a value must not come twice.
 *
 * *Connections*: however many stores share a `redis`, that one and one duplicate of it, which is there while a store has
 * clients.
 *
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export class RedisStore<T = string> extends Store<T, Promise<number>> {
  /**
   * A `Gap` with the reason `disconnected` each time that the subscription is there again after it was lost: Pub/Sub
   * keeps nothing for those who were away. `merge(store, store.gaps)` tells the clients.
   */
  readonly gaps: Observable<Gap>;

  readonly #redis: RedisLike | RedisClusterLike;
  readonly #connections: Connections;
  readonly #lane: Lane;
  readonly #channel: string;
  readonly #codec: Codec<T>;
  readonly #timeout: number;
  readonly #maxMessageBytes: number;
  readonly #gaps: Subject<Gap> = new Subject<Gap>();
  readonly #listener: ChannelListener;
  #observers = 0;
  #ended: Promise<never> | undefined;

  constructor(options: RedisStoreOptions<T>) {
    super();
    checkNames('RedisStore', options, optionNames);
    const { redis, channel = 'tornadose', codec = text as unknown as Codec<T> }: RedisStoreSettings<T> = options;
    if (typeof redis?.publish !== 'function' || !('duplicate' in redis || 'nodes' in redis))
      throw invalidOption('redis', 'a client of ioredis', redis);
    if (typeof channel !== 'string' || channel === '' || !channel.isWellFormed())
      throw invalidOption('channel', 'a name of one character or more', channel);
    if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function')
      throw invalidOption('codec', 'text, json or a pair of functions { encode, decode }', codec);
    this.#redis = redis;
    this.#channel = channel;
    this.#codec = codec;
    this.#timeout = milliseconds('timeout', options.timeout, 5_000);
    this.#maxMessageBytes = integer('maxMessageBytes', options.maxMessageBytes, 1024 * 1024);
    this.#connections = connectionsOf(redis);
    const limits = {
      maxPending: integer('maxPending', options.maxPending, 10_000),
      maxPendingBytes: integer('maxPendingBytes', options.maxPendingBytes, 8 * 1024 * 1024),
      timeout: this.#timeout,
    };
    this.#lane = new Lane(limits, () => this.#connections.subscriber.isOpen(channel));
    this.#listener = {
      received: (payload) => this.#receive(payload),
      missed: () => this.#gaps.next(new Gap({ reason: 'disconnected', log: channel })),
    };
    this.gaps = new Observable((subscriber) => {
      this.#gaps.subscribe(subscriber);
      this.#observedBy(subscriber);
    });
  }

  /** Publishes a value. @returns how many subscribers Redis says got it */
  submit(value: T): Promise<number> {
    if (this.isEnding) return this.#storeClosed();
    let payload: string;
    try {
      payload = encodePayload(this.#codec, value);
    } catch (error) {
      return rejected(error);
    }
    const bytes = Buffer.byteLength(payload);
    if (bytes > this.#maxMessageBytes) return rejected(tooLarge(bytes, this.#maxMessageBytes));
    // A client with `stringNumbers` answers with a text.
    const publish = () => this.#redis.publish(this.#channel, payload).then(Number);
    return this.#connections.commands.run(this.#lane, 'PUBLISH', bytes, publish);
  }

  override error(error: unknown): void {
    super.error(error);
    this.#gaps.complete();
  }

  override complete(): void {
    super.complete();
    this.#gaps.complete();
  }

  protected override async release(): Promise<void> {
    const { subscriber } = this.#connections;
    subscriber.remove(this.#channel, this.#listener);
    // What another store still waits for keeps it; a linger of ours would keep the process from its end.
    subscriber.rest();
    await this.#lane.settled();
  }

  protected override _subscribe(subscriber: Subscriber<T>): TeardownLogic {
    const subscription = super._subscribe(subscriber);
    this.#observedBy(subscriber);
    return subscription;
  }

  #observedBy(subscriber: Subscriber<never> | Subscriber<T> | Subscriber<Gap>): void {
    if (this.isStopped || subscriber.closed) return;
    this.#observers += 1;
    if (this.#observers === 1) this.#connections.subscriber.add(this.#channel, this.#listener, this.#timeout);
    subscriber.add(this.#unobserved);
  }

  readonly #unobserved = (): void => {
    this.#observers -= 1;
    if (this.#observers === 0) this.#connections.subscriber.remove(this.#channel, this.#listener);
  };

  #receive(payload: Uint8Array): void {
    try {
      this.emit(decodePayload(this.#codec, payload, this.#channel, this.#maxMessageBytes));
    } catch (error) {
      reportError('receive', error);
    }
  }

  #storeClosed(): Promise<never> {
    this.#ended ??= rejected(
      new TornadoseError('ERR_STORE_CLOSED', `Expected an open store, got one that has ended (${this.#channel})`, {
        store: this.#channel,
      }),
    );
    return this.#ended;
  }
}
