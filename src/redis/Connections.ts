import { memo } from '../memo.ts';
import { Commands } from './Commands.ts';
import { type PubSub, plain, sharded } from './PubSub.ts';
import type { RedisClusterLike, RedisLike } from './RedisLike.ts';
import { Subscriber } from './Subscriber.ts';

/** What is told how the client is. */
export interface ClientListener {
  reachable(): void;
  /** Its connection is gone, and what comes next may be another Redis. */
  disconnected?(): void;
  /** It will not come back by itself. */
  ended?(): void;
}

/**
 * What all stores of one `redis` share: the client itself for commands, and what subscribes. It listens
 * to the client only while one of the two has something to do, so nothing of ours stays on a client that is handed back.
 */
export class Connections {
  readonly commands: Commands;
  readonly #subscriber: Subscriber;
  readonly #sharded: Subscriber;
  readonly #redis: RedisLike | RedisClusterLike;
  readonly #others = new Set<ClientListener>();
  #users = 0;

  constructor(redis: RedisLike | RedisClusterLike) {
    this.#redis = redis;
    const { using } = this;
    this.commands = new Commands(redis, using);
    const owner = { using, opened: () => this.commands.flush() };
    this.#subscriber = new Subscriber(redis, plain, this.commands, owner);
    this.#sharded = new Subscriber(redis, sharded, this.commands, owner);
  }

  /** Channels of the two kinds of Pub/Sub have nothing to do with each other, nor have their subscriptions. */
  subscriber(pubSub: PubSub): Subscriber {
    return pubSub === sharded ? this.#sharded : this.#subscriber;
  }

  /** Has another user of this client told how it is, while it uses it. */
  add(listener: ClientListener): void {
    this.#others.add(listener);
  }

  remove(listener: ClientListener): void {
    this.#others.delete(listener);
  }

  readonly #ready = (): void => {
    this.#subscriber.reachable();
    this.#sharded.reachable();
    for (const other of this.#others) other.reachable();
    this.commands.flush();
  };

  readonly #close = (): void => {
    for (const other of this.#others) other.disconnected?.();
    this.commands.closed();
  };

  readonly #end = (): void => {
    this.commands.ended();
    this.#subscriber.ended();
    this.#sharded.ended();
    for (const other of this.#others) other.ended?.();
  };

  readonly using = (used: boolean): void => {
    const before = this.#users;
    this.#users += used ? 1 : -1;
    if (before > 0 && this.#users > 0) return;
    const change = used ? 'on' : 'off';
    this.#redis[change]('ready', this.#ready);
    this.#redis[change]('close', this.#close);
    this.#redis[change]('end', this.#end);
  };
}

const shared = new WeakMap<RedisLike | RedisClusterLike, Connections>();

/** The connections of a client, however many stores ask for them. */
export function connectionsOf(redis: RedisLike | RedisClusterLike): Connections {
  return memo(shared, redis, () => new Connections(redis));
}
