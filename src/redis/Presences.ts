import { memo } from '../memo.ts';
import { type ClientListener, type Connections, connectionsOf } from './Connections.ts';
import type { RedisClusterLike, RedisLike } from './RedisLike.ts';

/** Something that wants to know when a client can be reached again. */
export interface ReachableListener {
  reachable(): void;
}

/** All that share a client for their presence: those that are closed leave nothing on it. */
export class Presences implements ClientListener {
  readonly connections: Connections;
  readonly #listeners = new Set<ReachableListener>();

  constructor(connections: Connections) {
    this.connections = connections;
    connections.add(this);
  }

  add(listener: ReachableListener): void {
    this.#listeners.add(listener);
  }

  remove(listener: ReachableListener): void {
    this.#listeners.delete(listener);
  }

  reachable(): void {
    for (const listener of this.#listeners) listener.reachable();
  }

  disconnected(): void {}

  ended(): void {}
}

const shared = new WeakMap<RedisLike | RedisClusterLike, Presences>();

/** Those of a client, however many ask for them. */
export function presencesOf(redis: RedisLike | RedisClusterLike): Presences {
  return memo(shared, redis, () => new Presences(connectionsOf(redis)));
}
