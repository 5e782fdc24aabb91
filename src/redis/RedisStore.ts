import type { Observable } from 'rxjs';
import { reportError, reportGap } from '../diagnostics.ts';
import { Gap } from '../message.ts';
import { checkedName, checkNames, invalidOption } from '../options.ts';
import type { ChannelListener } from './Channel.ts';
import { type Codec, text } from './Codec.ts';
import { connectionsOf } from './Connections.ts';
import { checkClient } from './checkClient.ts';
import { Publisher, type PublishingSettings, publishingNames } from './Publisher.ts';
import { type PubSub, plain, sharded as shardedPubSub } from './PubSub.ts';
import { decodePayload } from './payload.ts';
import type { RedisClusterLike, RedisLike } from './RedisLike.ts';
import { RemoteStore } from './RemoteStore.ts';
import type { Subscriber } from './Subscriber.ts';

/** Options of {@link RedisStore}. */
export interface RedisStoreSettings<T> extends PublishingSettings<T> {
  /** A client of ioredis 5 or 6. It publishes; a duplicate of it subscribes. It is yours to close. */
  readonly redis: RedisLike | RedisClusterLike;
  /** The channel's name; ioredis's `keyPrefix` applies to sharded channels only. @defaultValue `'tornadose'` */
  readonly channel?: string | undefined;
  /** Whether the channel is one of sharded Pub/Sub: SPUBLISH and SSUBSCRIBE (Redis 7, ioredis 5.3). @defaultValue `false` */
  readonly sharded?: boolean | undefined;
}

/** Options of {@link RedisStore}: `codec` may be left out where T is string. */
export type RedisStoreOptions<T = string> = RedisStoreSettings<T> &
  ([T, string] extends [string, T] ? unknown : { readonly codec: Codec<T> });

const optionNames = ['redis', 'channel', 'sharded', ...publishingNames];

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
 * It carries values: what is to be a `Message` for clients is made one behind it (`map`), as JSON would keep its fields and not
 * that it is one; a stream keeps both.
 * A publish waits until a subscription of this process to the channel that is under way is there. A payload that comes in
 * and cannot be read is skipped, and reported on `tornadose:error` (`ERR_UNREADABLE`, `ERR_TOO_LARGE`).
 *
 * *Promise*: at most once, in the order of Redis; in a Cluster, where any node takes a PUBLISH, only with `sharded`. After a
 * lost connection {@link gaps} says that something may be missing. ioredis itself sends a command again whose connection
 * broke before the answer: give the client `autoResendUnfulfilledCommands: false` where a value must not come twice.
 *
 * *Sharded*: in a Cluster each message goes to every node, unless it is published to a sharded channel, which lives on
 * the node that has its slot (https://redis.io/docs/latest/develop/pubsub/#sharded-pubsub). The promise is the same; when
 * a slot moves, or a replica takes over, {@link gaps} says so for the channels of that node.
 *
 * *Connections*: however many stores share a `redis`, that one and one duplicate of it, which is there while a store has
 * clients; for sharded channels one duplicate more, and in a Cluster one of each node that has a channel with clients.
 *
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export class RedisStore<T = string> extends RemoteStore<T, Promise<number>> {
  /**
   * A `Gap` with the reason `disconnected` each time that the subscription is there again after it was lost: Pub/Sub
   * keeps nothing for those who were away. `merge(store, store.gaps)` tells the clients.
   */
  declare readonly gaps: Observable<Gap>;

  readonly #redis: RedisLike | RedisClusterLike;
  readonly #subscriber: Subscriber;
  readonly #publisher: Publisher<T>;
  readonly #pubSub: PubSub;
  readonly #channel: string;
  /** The channel as Redis knows it. */
  readonly #name: string;
  readonly #listener: ChannelListener;
  #holds = 0;

  constructor(options: RedisStoreOptions<T>) {
    super();
    checkNames('RedisStore', options, optionNames);
    const { redis, channel = 'tornadose', sharded = false }: RedisStoreSettings<T> = options;
    checkClient(redis, 'publish');
    checkedName('channel', channel);
    if (typeof sharded !== 'boolean') throw invalidOption('sharded', 'true or false', sharded);
    this.#redis = redis;
    this.#channel = channel;
    this.#pubSub = sharded ? shardedPubSub : plain;
    // ioredis takes a sharded channel for a key.
    this.#name = sharded ? (redis.options?.keyPrefix ?? '') + channel : channel;
    const connections = connectionsOf(redis);
    this.#subscriber = connections.subscriber(this.#pubSub);
    const byDefault = text as unknown as Codec<T>;
    const command = this.#pubSub.publish.toUpperCase();
    const isOpen = () => this.#subscriber.isOpen(this.#name);
    this.#publisher = new Publisher(options, byDefault, connections.commands, command, channel, isOpen);
    this.#listener = {
      received: (payload) => this.#receive(payload),
      missed: () => {
        reportGap('disconnected', 'log', channel);
        this.missed(new Gap({ reason: 'disconnected', log: channel }));
      },
    };
  }

  /** Publishes a value. @returns how many subscribers Redis says got it */
  submit(value: T): Promise<number> {
    if (this.isEnding) return this.#publisher.closed();
    // A client with `stringNumbers` answers with a text.
    return this.#publisher.publish(value, (payload) =>
      this.#redis[this.#pubSub.publish](this.#channel, payload).then(Number),
    );
  }

  override unsubscribe(): void {
    super.unsubscribe();
    this.#subscriber.remove(this.#name, this.#listener);
  }

  protected override async release(): Promise<void> {
    this.#subscriber.remove(this.#name, this.#listener);
    // What another store still waits for keeps it; a linger of ours would keep the process from its end.
    this.#subscriber.rest();
    await this.#publisher.settled();
  }

  /** @internal */
  protected override hold(): void {
    this.#holds += 1;
    if (this.#holds === 1) this.#subscriber.add(this.#name, this.#listener, this.#publisher.timeout);
  }

  /** @internal */
  protected override letGo(): void {
    this.#holds -= 1;
    if (this.#holds === 0) this.#subscriber.remove(this.#name, this.#listener);
  }

  #receive(payload: Uint8Array): void {
    const { codec, maxMessageBytes } = this.#publisher;
    try {
      this.emit(decodePayload(codec, payload, this.#channel, maxMessageBytes));
    } catch (error) {
      reportError('receive', error);
    }
  }
}
