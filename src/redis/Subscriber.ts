import { reportError } from '../diagnostics.ts';
import { Backoff } from './Backoff.ts';
import { Channel, type ChannelListener } from './Channel.ts';
import { refusedBy } from './Commands.ts';
import { Deadlines } from './Deadlines.ts';
import { notConnected } from './OwnConnection.ts';
import type { RedisClusterLike, RedisLike } from './RedisLike.ts';
import { SubscriberConnection, type SubscriberConnectionOwner } from './SubscriberConnection.ts';
import { type Outcome, subscribeAll } from './subscribeAll.ts';

/** How long the connection stays without a subscription, in ms: a page that is reloaded finds it still there. */
const linger = 1_000;

/** What a {@link Subscriber} tells those that share the client with it. */
export interface SubscriberOwner {
  /** Whether it has anything to do. */
  using(used: boolean): void;
  /** What waits for a subscription may go on. */
  opened(): void;
}

/**
 * The subscriptions of all stores of one `redis`, over one connection of its own. It subscribes when a channel has its
 * first listener and unsubscribes when the last has left; after a connection was lost it subscribes again, and tells
 * every listener that something may have been missed before it gets anything more.
 */
export class Subscriber implements SubscriberConnectionOwner {
  readonly #redis: RedisLike | RedisClusterLike;
  readonly #owner: SubscriberOwner;
  readonly #channels = new Map<string, Channel>();
  /** The channels whose UNSUBSCRIBE has not been answered. What comes on them was for those who have left. */
  readonly #leaving = new Set<string>();
  readonly #new: Channel[] = [];
  readonly #waits = new Deadlines();
  readonly #losses = new Backoff(50, 2_000);
  readonly #refusals = new Backoff(500, 30_000);
  #patience = Number.POSITIVE_INFINITY;
  #connection: SubscriberConnection | undefined;
  #used = false;
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #refusedTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(redis: RedisLike | RedisClusterLike, owner: SubscriberOwner) {
    this.#redis = redis;
    this.#owner = owner;
  }

  /** Subscribes `listener`. `timeout` is how long Redis may take, in ms; the shortest of all stores holds. */
  add(name: string, listener: ChannelListener, timeout: number): void {
    this.#patience = Math.min(this.#patience, timeout);
    const known = this.#channels.get(name);
    if (known !== undefined) {
      known.listeners.add(listener);
      return;
    }
    const channel = new Channel(name, () => this.#owner.opened());
    channel.listeners.add(listener);
    this.#channels.set(name, channel);
    clearTimeout(this.#lingerTimer);
    this.#use(true);
    // A newcomer is no reason to try sooner.
    if (this.#retryTimer === undefined) this.#connect();
    // Those of one tick are one command.
    this.#new.push(channel);
    if (this.#new.length === 1) queueMicrotask(() => this.#ask(this.#new.splice(0)));
  }

  /** The connection goes a little after the last listener. */
  remove(name: string, listener: ChannelListener): void {
    const channel = this.#channels.get(name);
    if (!channel?.listeners.delete(listener) || channel.listeners.size > 0) return;
    this.#channels.delete(name);
    this.#waits.delete(channel);
    if (this.#connection?.connected && channel.asked) this.#unsubscribe(this.#connection, name);
    // What waited for this subscription has nobody to wait for.
    this.#owner.opened();
    if (this.#channels.size > 0) return;
    this.#lingerTimer = setTimeout(() => this.rest(), linger);
  }

  /** Lets go of the connection if nobody listens. */
  rest(): void {
    if (this.#channels.size > 0) return;
    clearTimeout(this.#lingerTimer);
    this.#stopTrying();
    this.#connection?.close();
    this.#connection = undefined;
    this.#leaving.clear();
    this.#use(false);
  }

  /** Whether a value that is published now reaches this channel's listeners, or would be lost for certain. */
  isOpen(name: string): boolean {
    const channel = this.#channels.get(name);
    if (channel === undefined || channel.isOpen) return true;
    if (Number.isNaN(channel.dueAt)) this.#waits.add(channel, this.#wait);
    return false;
  }

  /** The client can be reached again, and so can we. */
  reachable(): void {
    if (this.#connection !== undefined) return;
    this.#stopTrying();
    this.#connect();
  }

  /** The client has ended: whoever ended it wants no connection of ours either. */
  ended(): void {
    this.#connection?.fail(undefined);
    this.#stopTrying();
    if (this.#channels.size === 0) this.rest();
  }

  // ── from the connection ────────────────────────────────────────────────────────────────────────────────────────

  connected(): void {
    this.#ask([...this.#channels.values()]);
  }

  received(name: string, payload: Uint8Array): void {
    const channel = this.#channels.get(name);
    if (channel === undefined || this.#leaving.has(name)) return;
    // It is subscribed, then; ioredis says so a turn after it brings what came next.
    if (!channel.live) this.#acknowledged(channel);
    for (const listener of channel.listeners) listener.received(payload);
  }

  lost(error: unknown): void {
    this.#connection = undefined;
    this.#leaving.clear();
    this.#stopTrying();
    for (const channel of this.#channels.values()) channel.lost();
    if (error !== undefined) reportError('subscribe', error);
    if (this.#channels.size === 0) return;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.#connect();
    }, this.#losses.next());
  }

  // ── subscribing ────────────────────────────────────────────────────────────────────────────────────────────────

  /** How long a publish waits for its channel's subscription. Less than its deadline, so that it still goes out. */
  get #wait(): number {
    return Math.min(this.#patience / 2, 1_000);
  }

  #connect(): void {
    if (this.#connection !== undefined || this.#channels.size === 0) return;
    if (this.#redis.status === 'end') {
      reportError('subscribe', notConnected('end'));
      return;
    }
    try {
      this.#connection = new SubscriberConnection(this.#redis, this.#patience, this);
    } catch (error) {
      this.lost(error);
    }
  }

  #stopTrying(): void {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#refusedTimer);
    this.#retryTimer = undefined;
    this.#refusedTimer = undefined;
  }

  /** Asks for those that are still wanted and have not been asked for. */
  #ask(channels: Channel[]): void {
    const connection = this.#connection;
    if (!connection?.connected) return;
    const due = channels.filter((each) => this.#wants(each) && !each.asked && !this.#leaving.has(each.name));
    subscribeAll(connection, due, this.#outcome);
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
    this.#waits.delete(channel);
    channel.acknowledged();
  }

  #refused(channel: Channel, error: unknown): void {
    if (!this.#wants(channel)) return;
    channel.refused();
    reportError('subscribe', refusedBy(`SUBSCRIBE ${channel.name}`, error));
    this.#refusedTimer ??= setTimeout(() => {
      this.#refusedTimer = undefined;
      this.#ask([...this.#channels.values()]);
    }, this.#refusals.next());
    this.#owner.opened();
  }

  #wants(channel: Channel): boolean {
    return this.#channels.get(channel.name) === channel;
  }

  #use(used: boolean): void {
    if (used === this.#used) return;
    this.#used = used;
    this.#owner.using(used);
  }
}
