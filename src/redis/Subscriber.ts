import { Channel, type ChannelListener } from './Channel.ts';
import { ClusterRoutes } from './ClusterRoutes.ts';
import type { Commands } from './Commands.ts';
import { Deadlines } from './Deadlines.ts';
import { type PubSub, sharded } from './PubSub.ts';
import type { ClusterNodeLike, RedisClusterLike, RedisLike } from './RedisLike.ts';
import { Subscriptions, type SubscriptionsOwner } from './Subscriptions.ts';

/** What a {@link Subscriber} tells those that share the client with it. */
export interface SubscriberOwner {
  /** Whether it has anything to do. */
  using(used: boolean): void;
  /** What waits for a subscription may go on. */
  opened(): void;
}

/**
 * The subscriptions of all stores of one `redis`. It subscribes when a channel has its first listener and unsubscribes
 * when the last has left; after a connection was lost it tells every listener that something may have been missed before
 * it gets anything more. There is one connection, and in a Cluster with sharded Pub/Sub one for each node that has a
 * channel.
 */
export class Subscriber implements SubscriptionsOwner {
  readonly #owner: SubscriberOwner;
  readonly #subscriptions: Subscriptions | ClusterRoutes<Channel, ClusterNodeLike>;
  readonly #channels = new Map<string, Channel>();
  readonly #waits = new Deadlines();
  #patience = Number.POSITIVE_INFINITY;

  constructor(redis: RedisLike | RedisClusterLike, pubSub: PubSub, commands: Commands, owner: SubscriberOwner) {
    this.#owner = owner;
    this.#subscriptions =
      pubSub === sharded && 'nodes' in redis
        ? new ClusterRoutes(redis, commands, owner, {
            during: 'subscribe',
            keyOf: ({ name }) => name,
            workerFor: (node, routes) => new Subscriptions(node, pubSub, this, routes),
          })
        : new Subscriptions(redis, pubSub, this, owner);
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
    this.#subscriptions.add(channel, this.#patience);
  }

  remove(name: string, listener: ChannelListener): void {
    const channel = this.#channels.get(name);
    if (!channel?.listeners.delete(listener) || channel.listeners.size > 0) return;
    this.#channels.delete(name);
    this.#waits.delete(channel);
    this.#subscriptions.remove(channel);
    // What waited for this subscription has nobody to wait for.
    this.#owner.opened();
  }

  /** Lets go of what is held for no listener. */
  rest(): void {
    this.#subscriptions.rest();
  }

  /** Whether a value that is published now reaches this channel's listeners, or would be lost for certain. */
  isOpen(name: string): boolean {
    const channel = this.#channels.get(name);
    if (channel === undefined || channel.isOpen) return true;
    // Less than the deadline of a publish, so that it still goes out.
    if (Number.isNaN(channel.dueAt)) this.#waits.add(channel, Math.min(this.#patience / 2, 1_000));
    return false;
  }

  /** The client can be reached again, and so can we. */
  reachable(): void {
    this.#subscriptions.reachable();
  }

  /** The client has ended: whoever ended it wants no connection of ours either. */
  ended(): void {
    this.#subscriptions.ended();
  }

  // ── from the subscriptions ─────────────────────────────────────────────────────────────────────────────────────

  get patience(): number {
    return this.#patience;
  }

  acknowledged(channel: Channel): void {
    this.#waits.delete(channel);
    channel.acknowledged();
  }

  opened(): void {
    this.#owner.opened();
  }
}
