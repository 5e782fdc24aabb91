import { memo } from '../memo.ts';
import { Commands } from './Commands.ts';
import type { RedisClusterLike, RedisLike } from './RedisLike.ts';
import { Subscriber } from './Subscriber.ts';

/**
 * What all stores of one `redis` share: the client itself for commands, and one connection for subscribing. It listens
 * to the client only while one of the two has something to do, so nothing of ours stays on a client that is handed back.
 */
export class Connections {
  readonly commands: Commands;
  readonly subscriber: Subscriber;
  readonly #redis: RedisLike | RedisClusterLike;
  #users = 0;

  constructor(redis: RedisLike | RedisClusterLike) {
    this.#redis = redis;
    const using = (used: boolean): void => this.#using(used);
    this.commands = new Commands(redis, using);
    this.subscriber = new Subscriber(redis, { using, opened: () => this.commands.flush() });
  }

  readonly #ready = (): void => {
    this.subscriber.reachable();
    this.commands.flush();
  };

  readonly #close = (): void => this.commands.closed();

  readonly #end = (): void => {
    this.commands.ended();
    this.subscriber.ended();
  };

  #using(used: boolean): void {
    const before = this.#users;
    this.#users += used ? 1 : -1;
    if (before > 0 && this.#users > 0) return;
    const change = used ? 'on' : 'off';
    this.#redis[change]('ready', this.#ready);
    this.#redis[change]('close', this.#close);
    this.#redis[change]('end', this.#end);
  }
}

const shared = new WeakMap<RedisLike | RedisClusterLike, Connections>();

/** The connections of a client, however many stores ask for them. */
export function connectionsOf(redis: RedisLike | RedisClusterLike): Connections {
  return memo(shared, redis, () => new Connections(redis));
}
