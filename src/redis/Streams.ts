import { memo } from '../memo.ts';
import { ClusterRoutes } from './ClusterRoutes.ts';
import type { Commands } from './Commands.ts';
import { type ClientListener, type Connections, connectionsOf } from './Connections.ts';
import type { StreamListener } from './Followed.ts';
import { KnownScripts } from './KnownScripts.ts';
import { unlimited } from './Lane.ts';
import { Pages } from './Pages.ts';
import { newStreamEpoch, type Place } from './place.ts';
import type { RedisStreamClusterLike, RedisStreamLike } from './RedisLike.ts';
import { StreamReader } from './StreamReader.ts';
import { slotmate } from './slotmate.ts';
import { type Append, append, attach, streamScripts } from './streamScripts.ts';

/** What all streams of one `redis` share: the client itself for commands, and one connection that reads. */
export class Streams implements ClientListener {
  readonly commands: Commands;
  readonly pages: Pages;
  readonly #redis: RedisStreamLike | RedisStreamClusterLike;
  readonly #scripts = new KnownScripts(streamScripts);
  readonly #reader: StreamReader | ClusterRoutes<StreamListener, RedisStreamLike>;

  constructor(redis: RedisStreamLike | RedisStreamClusterLike, connections: Connections) {
    this.#redis = redis;
    this.commands = connections.commands;
    this.pages = new Pages(redis, connections.commands);
    this.#reader =
      'nodes' in redis
        ? new ClusterRoutes(redis, this.commands, connections, {
            during: 'read',
            keyOf: ({ key }) => key,
            workerFor: (node, owner) => new StreamReader(node, owner),
          })
        : new StreamReader(redis, connections);
    connections.add(this);
  }

  /** A key as Redis knows it. */
  fullKey(key: string): string {
    return this.#prefix + key;
  }

  follow(listener: StreamListener, timeout: number): void {
    this.#reader.add(listener, timeout);
  }

  unfollow(listener: StreamListener, key: string): void {
    this.#reader.remove(listener);
    this.pages.forget(key);
  }

  /** The last entry of a stream, which has one from now on. */
  attach(key: string, timeout: number): Promise<Place> {
    const send = () => attach(this.#redis, this.#scripts, key, newStreamEpoch());
    return this.commands.run(unlimited(timeout), 'EVAL', 0, send);
  }

  /** Appends an entry now. The writer's own keys are beside the stream. */
  append(key: string, valueKey: string | undefined, entry: Omit<Append, 'keys'>): ReturnType<typeof append> {
    const mate = (suffix: string): string => slotmate(this.#prefix, key, suffix);
    const keys: [string, ...string[]] = [key, mate(`writer:${entry.writer}`)];
    if (valueKey !== undefined) keys.push(mate(`key:${valueKey}`));
    return append(this.#redis, this.#scripts, { ...entry, keys });
  }

  reachable(): void {
    this.#reader.reachable();
  }

  disconnected(): void {
    const resends = 'nodes' in this.#redis || this.#redis.options?.autoResendUnfulfilledCommands !== false;
    this.#scripts.forget(resends);
  }

  ended(): void {
    this.#reader.ended();
  }

  get #prefix(): string {
    return this.#redis.options?.keyPrefix ?? '';
  }
}

const shared = new WeakMap<RedisStreamLike | RedisStreamClusterLike, Streams>();

/** The streams of a client, however many stores ask for them. */
export function streamsOf(redis: RedisStreamLike | RedisStreamClusterLike): Streams {
  return memo(shared, redis, () => new Streams(redis, connectionsOf(redis)));
}
