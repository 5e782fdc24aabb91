import { checkedName, checkNames, invalidOption, longestDelay, milliseconds } from '../options.ts';
import { Presence, type PresenceOptions, presenceOptionNames } from '../presence/Presence.ts';
import type { PresenceMember } from '../presence/PresenceChange.ts';
import type { Topic, TopicOwner } from '../presence/Topic.ts';
import { checkTopic } from '../presence/Tracked.ts';
import { type Connections, connectionsOf } from './Connections.ts';
import { checkClient } from './checkClient.ts';
import { PresenceLink } from './PresenceLink.ts';
import { parseTracked } from './parseTracked.ts';
import type { RedisClusterLike, RedisLike, ScriptCommandsLike } from './RedisLike.ts';
import { RedisTopic } from './RedisTopic.ts';

/** Options of {@link RedisPresence}. */
export interface RedisPresenceOptions extends PresenceOptions {
  /** A client of ioredis 5 or 6. Commands go over it; a duplicate of it subscribes. It is yours to close. */
  readonly redis: (RedisLike | RedisClusterLike) & ScriptCommandsLike;
  /** What the keys begin with: a topic is the key `prefix:topic`. ioredis's `keyPrefix` goes before it. @defaultValue `'presence'` */
  readonly prefix?: string | undefined;
  /** Within how many ms the members of a process that has died leave for the others: 1 000 or more. @defaultValue 30 000 */
  readonly ttl?: number | undefined;
  /** After how many ms a command without an answer fails, and is tried again. @defaultValue 5 000 */
  readonly timeout?: number | undefined;
}

/** Leases are renewed each quarter of it, which has to be longer than an answer of Redis takes. */
const leastTtl = 1_000;

const optionNames = ['redis', 'prefix', 'ttl', 'timeout', ...presenceOptionNames];

/**
 * Who is connected to what, in all processes that share a Redis: a {@link Presence} whose members are those of all of them.
 *
 * ```ts
 * const presence = new RedisPresence<{ id: string; name: string }>({ redis });
 * const room = merge(chat, presence.of('lobby'));
 * void room.pipe(presence.track('lobby', { id: user.id, name: user.name }), toEventSource(res));
 * ```
 *
 * A member is here as long as it is connected to one process at least. What another process sees of it is its JSON.
 *
 * *A process that dies*, without a word, is believed for three quarters of `ttl`, and its members leave for the others
 * within `ttl`. What it left in Redis expires by itself. One that is closed leaves its members there for `linger`, also where
 * that is longer than `ttl`: who is taken on by another process meanwhile has never left.
 *
 * *Redis down*: no stream is touched, and who comes to this process is seen here. All else stands still, and is right
 * again once Redis is back, with what has changed as joins and leaves; after Redis has lost what it had, those who do not
 * come back leave after `ttl`. Whoever begins to watch meanwhile sees the members of this process first. `members` and
 * `count` reject with `ERR_REDIS_DOWN`, `ERR_REDIS_TIMEOUT` or `ERR_REDIS_REPLY` while nobody here watches the topic. What
 * fails is reported on `tornadose:error`.
 *
 * *Cost*: one command for each topic in a quarter of `ttl`, and one for all who come and go in one turn; what changes is
 * published to the processes in which somebody watches, which have the members in memory. Connections are those of
 * `RedisStore`: `redis` and one duplicate of it. Redis 6.2 or newer, Sentinel, Cluster.
 *
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export class RedisPresence<M extends PresenceMember = PresenceMember> extends Presence<M> {
  readonly #link: PresenceLink;
  readonly #connections: Connections;

  constructor(options: RedisPresenceOptions) {
    super(checked(options));
    const { redis, prefix = 'presence' } = options;
    checkClient(redis, 'evalsha');
    checkedName('prefix', prefix);
    const ttl = milliseconds('ttl', options.ttl, 30_000);
    if (ttl < leastTtl) throw invalidOption('ttl', `a number of milliseconds from ${leastTtl} to ${longestDelay}`, ttl);
    const timeout = milliseconds('timeout', options.timeout, 5_000);
    this.#connections = connectionsOf(redis);
    this.#link = new PresenceLink({ redis, prefix, ttl, timeout }, this.#connections);
    this.#connections.add(this.#link.queue);
  }

  /** Who is here now, in all processes. */
  override async members(topic: string): Promise<readonly M[]> {
    const known = this.#topicOf(topic);
    if (known?.isFollowed) return known.members;
    const { members } = await this.#link.ask(topic, true);
    const all = new Map<string, M>();
    for (const json of members) {
      const tracked = parseTracked<M>(json, topic);
      if (tracked !== undefined) all.set(tracked.id, tracked.member);
    }
    // Those of whom Redis is being told are here as well.
    if (known?.isTold === false) for (const member of known.locals.members) all.set(member.id, member);
    return [...all.values()];
  }

  /** How many members are here now, in all processes. */
  override async count(topic: string): Promise<number> {
    const known = this.#topicOf(topic);
    if (known?.isFollowed) return known.size;
    return known?.isTold === false ? (await this.members(topic)).length : (await this.#link.ask(topic, false)).count;
  }

  /** @internal */
  protected override newTopic(name: string, owner: TopicOwner): Topic<M> {
    return new RedisTopic(name, owner, this.#link);
  }

  /** @internal */
  protected override async release(): Promise<void> {
    await this.#link.queue.close();
    this.#connections.remove(this.#link.queue);
    this.#link.subscriber.rest();
  }

  #topicOf(name: string): RedisTopic<M> | undefined {
    checkTopic(name);
    const topic = this.topicOf(name);
    return topic instanceof RedisTopic ? topic : undefined;
  }
}

/** What the base class is told. */
function checked(options: RedisPresenceOptions): PresenceOptions {
  checkNames('RedisPresence', options, optionNames);
  const { linger, countInterval } = options;
  return { linger, countInterval };
}
