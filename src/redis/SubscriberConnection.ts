import { TornadoseError } from '../errors.ts';
import {
  isReply,
  type RedisClusterLike,
  type RedisLike,
  type SubscriberLike,
  type SubscriberOptions,
} from './RedisLike.ts';
import { handled } from './rejected.ts';

/** What a connection tells the subscriber that it belongs to. */
export interface ConnectionOwner {
  connected(): void;
  received(channel: string, payload: Uint8Array): void;
  /** It is over. Called once, and not after `close`. */
  lost(error: unknown): void;
}

/** Connecting again and subscribing again is the {@link Subscriber}'s, which knows what to tell its stores. */
const overrides: SubscriberOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  // It would ask for INFO, which a user that may only subscribe need not be allowed.
  enableReadyCheck: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: false,
  maxRetriesPerRequest: null,
  reconnectOnError: null,
  retryStrategy: () => null,
};

/** A process that is busy for a moment, ours or that of Redis, is not to be taken for one that is gone. */
const leastPatience = 1_000;

/**
 * One connection that subscribes, from its start to its end: a duplicate of the client, and in a Cluster of one of its
 * nodes. When it says nothing for `patience` ms, a second at least, it is asked with a PING, and is lost when it does not answer in as long.
 */
export class SubscriberConnection {
  readonly #redis: SubscriberLike;
  readonly #owner: ConnectionOwner;
  readonly #watch: ReturnType<typeof setInterval>;
  #connected = false;
  #closed = false;
  #heard = true;
  #asked = false;
  #error: unknown;

  constructor(redis: RedisLike | RedisClusterLike, patience: number, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#redis = duplicate(redis);
    this.#redis.on('error', (error) => {
      this.#error = error;
    });
    this.#redis.on('ready', () => {
      if (this.#closed) return;
      this.#connected = true;
      this.#heard = true;
      owner.connected();
    });
    this.#redis.on('messageBuffer', (channel, payload) => {
      if (this.#closed) return;
      this.#heard = true;
      owner.received(channel.toString(), payload);
    });
    this.#redis.on('end', () => this.fail(this.#error ?? notConnected('close')));
    handled(this.#redis.connect());
    const wait = Math.max(patience, leastPatience);
    this.#watch = setInterval(() => this.#check(wait), wait);
    // The socket keeps a process running, a watch alone does not.
    this.#watch.unref();
  }

  get connected(): boolean {
    return this.#connected;
  }

  subscribe(channels: string[]): Promise<unknown> {
    return this.#hear(this.#redis.subscribe(...channels));
  }

  unsubscribe(channel: string): Promise<unknown> {
    return this.#hear(this.#redis.unsubscribe(channel));
  }

  /** Ends it without a word to its owner. */
  close(): void {
    this.#closed = true;
    this.#connected = false;
    clearInterval(this.#watch);
    this.#redis.disconnect();
  }

  /** Ends it as lost. */
  fail(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#owner.lost(error);
  }

  #check(patience: number): void {
    if (this.#heard) {
      this.#heard = false;
      this.#asked = false;
    } else if (this.#connected && !this.#asked) {
      this.#asked = true;
      handled(this.#hear(this.#redis.ping()));
    } else {
      // A process that was busy for long finds its timers due before it has read what is in the socket.
      setImmediate(() => {
        if (!this.#heard) this.fail(silence(patience));
      });
    }
  }

  #hear(reply: Promise<unknown>): Promise<unknown> {
    const heard = (): void => {
      this.#heard = true;
    };
    reply.then(heard, (error) => {
      if (isReply(error)) heard();
    });
    return reply;
  }
}

function duplicate(redis: RedisLike | RedisClusterLike): SubscriberLike {
  if (!('nodes' in redis)) return redis.duplicate(overrides);
  const nodes = redis.nodes();
  // Pub/Sub reaches every node of a Cluster, so any of them will do; the next try takes another one.
  const node = nodes[Math.floor(Math.random() * nodes.length)];
  if (node === undefined) throw notConnected('close');
  return node.duplicate(overrides);
}

/** The error of a subscription that has no connection. */
export function notConnected(status: string): TornadoseError {
  return new TornadoseError('ERR_REDIS_DOWN', 'Expected a connection for subscribing to Redis, got none', {
    status,
    waited: 0,
  });
}

function silence(waited: number): TornadoseError {
  return new TornadoseError('ERR_REDIS_TIMEOUT', `Expected an answer to PING in ${waited} ms, got none`, { waited });
}
