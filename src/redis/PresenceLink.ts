import type { Commands } from './Commands.ts';
import type { Connections } from './Connections.ts';
import { type Lane, unlimited } from './Lane.ts';
import { plain } from './PubSub.ts';
import { type PresenceReply, type PresenceRequest, tellPresence } from './presenceScript.ts';
import type { RedisClusterLike, RedisLike, ScriptCommandsLike } from './RedisLike.ts';
import type { Subscriber } from './Subscriber.ts';
import { TopicQueue } from './TopicQueue.ts';

/** What the topics of one {@link RedisPresence} share. */
export interface LinkSettings {
  readonly redis: (RedisLike | RedisClusterLike) & ScriptCommandsLike;
  readonly prefix: string;
  readonly ttl: number;
  readonly timeout: number;
}

/** The name of a process that has no members anywhere. */
const nobody = '-';

/** The way of one presence to Redis. What it says is believed for a while, and has to be said again. */
export class PresenceLink {
  readonly queue: TopicQueue;
  readonly subscriber: Subscriber;
  /** For how many ms Redis believes what it is told. Two renewals may fail, and others learn of it within the ttl. */
  readonly lease: number;
  readonly ttl: number;
  readonly timeout: number;
  readonly #redis: (RedisLike | RedisClusterLike) & ScriptCommandsLike;
  readonly #commands: Commands;
  readonly #prefix: string;
  readonly #lane: Lane;

  constructor({ redis, prefix, ttl, timeout }: LinkSettings, connections: Connections) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#commands = connections.commands;
    this.#lane = unlimited(timeout);
    this.subscriber = connections.subscriber(plain);
    this.ttl = ttl;
    this.timeout = timeout;
    this.lease = Math.ceil((ttl * 3) / 4);
    this.queue = new TopicQueue(ttl / 4, connections.using);
  }

  /** What is published of a topic comes here: its key, as Redis knows it. */
  channelOf(topic: string): string {
    return (this.#redis.options?.keyPrefix ?? '') + this.#keyOf(topic);
  }

  /** A way that is open when the channel is subscribed, so that what is read there misses nothing that is published later. */
  laneBehind(channel: string): Lane {
    return unlimited(this.timeout, () => this.subscriber.isOpen(channel));
  }

  /** Tells Redis what a process knows, and asks. @returns its answer, or a TornadoseError */
  tell(
    topic: string,
    what: Omit<PresenceRequest, 'key' | 'ttl' | 'channel'>,
    lane: Lane = this.#lane,
  ): Promise<PresenceReply> {
    const request = { ...what, key: this.#keyOf(topic), ttl: this.ttl, channel: this.channelOf(topic) };
    const bytes = what.members.reduce((sum, text) => sum + text.length, 0);
    return this.#commands.run(lane, 'EVALSHA', bytes, () => tellPresence(this.#redis, request));
  }

  /** Asks who is there, or how many. @returns the answer, or a TornadoseError */
  ask(topic: string, wants: boolean): Promise<PresenceReply> {
    return this.tell(topic, { process: nobody, command: 0, obeyed: 0, lease: 0, wants, members: [] });
  }

  #keyOf(topic: string): string {
    return `${this.#prefix}:${topic}`;
  }
}
