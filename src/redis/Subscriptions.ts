import { reportError } from '../diagnostics.ts';
import { TornadoseError } from '../errors.ts';
import { Backoff } from './Backoff.ts';
import type { Channel } from './Channel.ts';
import type { NodeWorker, WorkerOwner } from './ClusterRoutes.ts';
import { refusedBy } from './Commands.ts';
import { notConnected } from './OwnConnection.ts';
import type { PubSub } from './PubSub.ts';
import type { DuplicatedLike, RedisClusterLike } from './RedisLike.ts';
import { SubscriberConnection, type SubscriberConnectionOwner } from './SubscriberConnection.ts';
import { type Outcome, subscribeAll } from './subscribeAll.ts';

/** How long the connection stays without a subscription, in ms: a page that is reloaded finds it still there. */
const linger = 1_000;

/** The subscriber that {@link Subscriptions} are a part of. */
export interface SubscriptionsOwner {
  /** How long Redis may take, in ms. */
  readonly patience: number;
  acknowledged(channel: Channel): void;
  /** What waits for a subscription may go on. */
  opened(): void;
}

/**
 * The channels that are subscribed at one Redis, over one connection of its own. After that was lost it subscribes
 * again, where it was or where the channels are then.
 */
export class Subscriptions implements SubscriberConnectionOwner, NodeWorker<Channel> {
  readonly #redis: DuplicatedLike | RedisClusterLike;
  readonly #pubSub: PubSub;
  readonly #owner: SubscriptionsOwner;
  readonly #user: WorkerOwner<Channel>;
  readonly #channels = new Map<string, Channel>();
  /** The channels whose UNSUBSCRIBE has not been answered. What comes on them was for those who have left. */
  readonly #leaving = new Set<string>();
  readonly #new: Channel[] = [];
  readonly #losses = new Backoff(50, 2_000);
  readonly #refusals = new Backoff(500, 30_000);
  #connection: SubscriberConnection | undefined;
  #used = false;
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #refusedTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    redis: DuplicatedLike | RedisClusterLike,
    pubSub: PubSub,
    owner: SubscriptionsOwner,
    user: WorkerOwner<Channel>,
  ) {
    this.#redis = redis;
    this.#pubSub = pubSub;
    this.#owner = owner;
    this.#user = user;
  }

  add(channel: Channel): void {
    this.#channels.set(channel.name, channel);
    clearTimeout(this.#lingerTimer);
    this.#use(true);
    // A newcomer is no reason to try sooner.
    if (this.#retryTimer === undefined) this.#connect();
    // Those of one tick are one command.
    this.#new.push(channel);
    if (this.#new.length === 1) queueMicrotask(() => this.#ask(this.#new.splice(0)));
  }

  /** The connection goes a little after the last channel. */
  remove(channel: Channel): void {
    if (!this.#wants(channel)) return;
    this.#channels.delete(channel.name);
    if (this.#connection?.connected && channel.asked) this.#unsubscribe(this.#connection, channel.name);
    if (this.#channels.size === 0) this.#lingerTimer = setTimeout(() => this.rest(), linger);
  }

  /** Lets go of the connection if it has no channel. */
  rest(): void {
    if (this.#channels.size > 0) return;
    clearTimeout(this.#lingerTimer);
    this.#stopTrying();
    this.#connection?.close();
    this.#connection = undefined;
    this.#leaving.clear();
    this.#use(false);
  }

  /** The client can be reached again, and so can we. */
  reachable(): void {
    if (this.#connection !== undefined) return;
    this.#stopTrying();
    this.#tryAgain();
  }

  /** The client has ended: whoever ended it wants no connection of ours either. */
  ended(): void {
    this.#connection?.fail(undefined);
    this.#stopTrying();
    this.rest();
    if (this.#channels.size > 0) reportError('subscribe', notConnected('end'));
  }

  // ── from the connection ────────────────────────────────────────────────────────────────────────────────────────

  connected(): void {
    this.#ask(this.#channels.values());
  }

  received(name: string, payload: Uint8Array): void {
    const channel = this.#channels.get(name);
    if (channel === undefined || this.#leaving.has(name)) return;
    // It is subscribed, then; ioredis says so a turn after it brings what came next.
    if (!channel.live) this.#acknowledged(channel);
    channel.received(payload);
  }

  lost(error: unknown): void {
    this.#connection = undefined;
    this.#leaving.clear();
    this.#stopTrying();
    for (const channel of this.#channels.values()) channel.lost();
    if (error !== undefined) reportError('subscribe', error);
    if (this.#channels.size === 0) return;
    // Redis has said that a channel is elsewhere: where no other node can be asked it will say so again.
    const isHopeless = this.#user.reroute === undefined && TornadoseError.is(error, 'ERR_REDIS_REPLY');
    const backoff = isHopeless ? this.#refusals : this.#losses;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.#tryAgain();
    }, backoff.next());
  }

  // ── subscribing ────────────────────────────────────────────────────────────────────────────────────────────────

  #connect(): void {
    if (this.#connection !== undefined || this.#channels.size === 0) return;
    if (this.#redis.status === 'end' && this.#user.reroute === undefined) {
      reportError('subscribe', notConnected('end'));
      return;
    }
    try {
      this.#connection = new SubscriberConnection(this.#redis, this.#pubSub, this.#owner.patience, this);
    } catch (error) {
      this.lost(error);
    }
  }

  #tryAgain(): void {
    if (this.#user.reroute === undefined) {
      this.#connect();
      this.#ask(this.#channels.values());
      return;
    }
    const channels = [...this.#channels.values()].filter(({ asked }) => !asked);
    for (const { name } of channels) this.#channels.delete(name);
    this.rest();
    this.#user.reroute(channels);
  }

  #stopTrying(): void {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#refusedTimer);
    this.#retryTimer = undefined;
    this.#refusedTimer = undefined;
  }

  /** Asks for those that are still wanted and have not been asked for. */
  #ask(channels: Iterable<Channel>): void {
    const connection = this.#connection;
    if (!connection?.connected) return;
    const due = [...channels].filter((each) => this.#wants(each) && !each.asked && !this.#leaving.has(each.name));
    subscribeAll(connection, due, this.#pubSub.chunk, this.#outcome);
  }

  #unsubscribe(connection: SubscriberConnection, name: string): void {
    this.#leaving.add(name);
    const left = (): void => {
      if (connection !== this.#connection) return;
      this.#leaving.delete(name);
      const again = this.#channels.get(name);
      if (again !== undefined) this.#ask([again]);
    };
    connection.unsubscribe(name).then(left, left);
  }

  readonly #outcome: Outcome = {
    acknowledged: (channels) => {
      for (const channel of channels) if (this.#wants(channel)) this.#acknowledged(channel);
      this.#owner.opened();
    },
    refused: (channel, error) => this.#refused(channel, error),
  };

  #acknowledged(channel: Channel): void {
    this.#losses.reset();
    this.#owner.acknowledged(channel);
  }

  #refused(channel: Channel, error: unknown): void {
    if (!this.#wants(channel)) return;
    channel.refused();
    reportError('subscribe', refusedBy(`${this.#pubSub.subscribe.toUpperCase()} ${channel.name}`, error));
    this.#refusedTimer ??= setTimeout(() => {
      this.#refusedTimer = undefined;
      this.#tryAgain();
    }, this.#refusals.next());
    this.#owner.opened();
  }

  #wants(channel: Channel): boolean {
    return this.#channels.get(channel.name) === channel;
  }

  #use(used: boolean): void {
    if (used === this.#used) return;
    this.#used = used;
    this.#user.using(used);
  }
}
