import type { Observable, Observer } from 'rxjs';
import { type DataOf, dataOf, type Gap, invalidMessage, Message } from '../message.ts';
import { checkedName, checkNames, integer, invalidOption, milliseconds } from '../options.ts';
import type { Log, SinceOptions } from '../stores/Log.ts';
import { newEpoch } from '../stores/position.ts';
import { type Codec, json } from './Codec.ts';
import { checkClient } from './checkClient.ts';
import { Publisher, type PublishingSettings, publishingNames } from './Publisher.ts';
import { idOf, newStreamEpoch } from './place.ts';
import type { RedisStreamClusterLike, RedisStreamLike } from './RedisLike.ts';
import { RemoteStore } from './RemoteStore.ts';
import { rejected } from './rejected.ts';
import { StreamLog } from './StreamLog.ts';
import { type Streams, streamsOf } from './Streams.ts';
import { hasMates } from './slotmate.ts';

/** Options of {@link RedisStreamStore}. */
export interface RedisStreamStoreOptions<T> extends PublishingSettings<DataOf<T>> {
  /** A client of ioredis 5 or 6. Commands go over it; a duplicate of it reads. It is yours to close. */
  readonly redis: RedisStreamLike | RedisStreamClusterLike;
  /** The stream's key. ioredis's `keyPrefix` goes before it. */
  readonly key: string;
  /** How values become text and back: `json`, `text` or your own; of a `Message`, its data. @defaultValue `json` */
  readonly codec?: Codec<DataOf<T>> | undefined;
  /** How many entries are retained, at least: Redis trims whole blocks of them. @defaultValue 10 000 */
  readonly maxLength?: number | undefined;
  /** For how many ms entries are retained, at least. They go when a newer one comes. @defaultValue for ever */
  readonly ttl?: number | undefined;
  /** For how many ms the key of a value is remembered, see {@link RedisStreamStore.submit}. @defaultValue 300 000 */
  readonly keyTtl?: number | undefined;
}

/** Options of {@link RedisStreamStore.submit}. */
export interface SubmitOptions {
  /** A name for this value: 1 to 256 characters. What is submitted again with it is not appended again. */
  readonly key?: string | undefined;
}

const optionNames = ['redis', 'key', 'maxLength', 'ttl', 'keyTtl', ...publishingNames];

/**
 * A Redis Stream: clients of any number of processes, which may restart, come back and have everything, in order and once,
 * or a `Gap` that says what they may have missed.
 *
 * ```ts
 * const orders = new RedisStreamStore<Order>({ redis, key: 'orders', maxLength: 100_000 });
 * void orders.since(lastEventId(req)).pipe(toEventSource(res));
 * const id = await orders.submit(order, { key: order.number });
 * ```
 *
 * As a Subject it delivers what comes from now on; what Redis took while the connection was lost is filled in before anything
 * newer. {@link since} begins where a client has stopped. Another program can publish too, with
 * `XADD orders * data '{"number":"7"}'`: `data` is the codec's text, `event` a name, `retry` ms. What it publishes is
 * delivered to all; that nothing is missing before its entries is known as long as the entry before them is retained.
 *
 * `submit` resolves with the id that clients get. It rejects with a TornadoseError, which nobody has to look at:
 * `ERR_REDIS_BUSY`, `ERR_REDIS_DOWN`, `ERR_UNSERIALISABLE`, `ERR_TOO_LARGE` and `ERR_STORE_CLOSED` mean *not sent*,
 * `ERR_REDIS_TIMEOUT` *unknown* (with a key, to submit it again is safe), and `ERR_REDIS_REPLY` that Redis refused it. An
 * entry that cannot be read is skipped, and reported on `tornadose:error`.
 *
 * *Promise*: what Redis keeps, nobody misses without a word. A Redis that fails may lose what it had acknowledged: a store
 * that learns of it puts a mark in the stream, and all clients get a `Gap` there.
 *
 * *Connections*: however many stores and clients share a `redis`, that one and one duplicate of it, which is there while
 * somebody follows. Redis 6.2 or newer. The entries are those of XADD (https://redis.io/docs/latest/commands/xadd/).
 *
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export class RedisStreamStore<T> extends RemoteStore<T, Promise<string>> implements Log<T> {
  /**
   * A `Gap` each time that something may have been lost before it came here: entries that were trimmed while the connection
   * was lost, a stream that was deleted or replaced. Clients of `since` are told by themselves; for others
   * `merge(store, store.gaps)` does it.
   */
  declare readonly gaps: Observable<Gap>;

  readonly #streams: Streams;
  readonly #publisher: Publisher<DataOf<T>>;
  readonly #log: StreamLog;
  readonly #key: string;
  readonly #retention: { readonly maxLength: number; readonly ttl: number | undefined; readonly keyTtl: number };
  readonly #writer: string = newEpoch(8);
  #count = 0;
  /** The last entry of this writer's that Redis has acknowledged. */
  #acknowledged: { readonly id: string; readonly count: number } | undefined;

  constructor(options: RedisStreamStoreOptions<T>) {
    super();
    checkNames('RedisStreamStore', options, optionNames);
    const { redis } = options;
    checkClient(redis, 'xrangeBuffer');
    const key = checkedName('key', options.key);
    if ('nodes' in redis && !hasMates(key))
      throw invalidOption('key', 'in a Cluster a name in which each } has a { before it, with something between', key);
    this.#key = key;
    const ttl = milliseconds('ttl', options.ttl, undefined);
    this.#retention = {
      maxLength: integer('maxLength', options.maxLength, 10_000),
      ttl,
      keyTtl: integer('keyTtl', options.keyTtl, 300_000),
    };
    this.#streams = streamsOf(redis);
    this.#publisher = new Publisher(options, json as Codec<DataOf<T>>, this.#streams.commands, 'XADD', key);
    const { codec, maxMessageBytes, timeout } = this.#publisher;
    const settings = { codec: codec as Codec<unknown>, maxMessageBytes, timeout, key, ttl };
    this.#log = new StreamLog(this.#streams, settings, {
      received: (value) => this.emit(value as T),
      missed: (gap) => this.missed(gap),
    });
  }

  /** Publishes a value, once for each `key`. @returns the id that clients come back with */
  submit(value: T, options: SubmitOptions = {}): Promise<string> {
    if (this.isEnding) return this.#publisher.closed();
    checkNames('submit', options, ['key']);
    const key = options.key === undefined ? undefined : checkedName('key', options.key, 256);
    if (value instanceof Message && reservedEvents.has(value.event))
      return rejected(invalidMessage('event', 'another name than gap and position, which the log uses', value.event));
    return this.#publisher.publish(dataOf(value) as DataOf<T>, (data) => this.#append(data, value, key));
  }

  since(position?: string, options?: SinceOptions): Observable<Message<DataOf<T>> | Gap> {
    return this.#log.since(position, options) as Observable<Message<DataOf<T>> | Gap>;
  }

  override unsubscribe(): void {
    super.unsubscribe();
    this.#log.finish(() => {});
    this.#log.stop();
  }

  override get observed(): boolean {
    return super.observed || this.#log.observed;
  }

  protected override ended(tell: (observer: Pick<Observer<unknown>, 'error' | 'complete'>) => void): void {
    this.#log.finish(tell);
  }

  protected override async release(): Promise<void> {
    // Those who are behind read on by themselves; a linger of ours would keep the process from its end.
    this.#log.stop();
    await this.#publisher.settled();
  }

  /** @internal */
  protected override hold(): void {
    this.#log.hold();
  }

  /** @internal */
  protected override letGo(): void {
    this.#log.letGo();
  }

  async #append(data: string, value: T, key: string | undefined): Promise<string> {
    // In the order in which they leave, so that one which comes a second time is known.
    this.#count += 1;
    const count = this.#count;
    const { place, isNew } = await this.#streams.append(this.#key, key, {
      ...this.#retention,
      epoch: newStreamEpoch(),
      acknowledged: this.#acknowledged,
      writer: this.#writer,
      count,
      fields: ['data', data, ...fieldsOf(value)],
    });
    // With a key it may be an old one.
    if (isNew) this.#acknowledged = { id: place.id, count };
    return idOf(place);
  }
}

/** What is kept of a Message beside its data; that it is one, too. */
function fieldsOf(value: unknown): string[] {
  if (!(value instanceof Message)) return [];
  const { event = '', retry } = value;
  return ['event', event, ...(retry === undefined ? [] : ['retry', `${retry}`])];
}

/** What a log says by itself is nobody's to publish. */
const reservedEvents: ReadonlySet<unknown> = new Set(['gap', 'position']);
