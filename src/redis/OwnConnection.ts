import { TornadoseError } from '../errors.ts';
import type { DuplicateLike, SubscriberOptions } from './RedisLike.ts';
import { handled } from './rejected.ts';

/** Connecting again is its owner's, who knows what to do and to tell then. */
const overrides: SubscriberOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  // What it reads is named in full.
  keyPrefix: '',
  // A read that blocks, and a channel on which nothing is said, are quiet for longer than any command of the client's.
  commandTimeout: undefined,
  socketTimeout: undefined,
  // It would ask for INFO, which a user that may only subscribe need not be allowed.
  enableReadyCheck: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: false,
  maxRetriesPerRequest: null,
  reconnectOnError: null,
  retryStrategy: () => null,
};

/** In ms: a process that is busy for a moment, ours or that of Redis, is not to be taken for one that is gone. */
export const leastPatience = 1_000;

/** What a connection tells the one that it belongs to. */
export interface ConnectionOwner {
  connected(): void;
  /** It is over. Called once, and not after `close`. */
  lost(error: unknown): void;
}

/** One connection of the library's own, from its start to its end: a duplicate of the client. */
export abstract class OwnConnection<Client extends DuplicateLike> {
  protected readonly client: Client;
  readonly #owner: ConnectionOwner;
  #connected = false;
  #closed = false;
  #error: unknown;

  constructor(client: Client, owner: ConnectionOwner) {
    this.client = client;
    this.#owner = owner;
    client.on('error', (error) => {
      this.#error = error;
    });
    client.on('ready', () => {
      if (this.#closed) return;
      this.#connected = true;
      this.opened();
      owner.connected();
    });
    client.on('end', () => this.fail(this.#error ?? notConnected('close')));
    handled(client.connect());
  }

  get connected(): boolean {
    return this.#connected;
  }

  protected get closed(): boolean {
    return this.#closed;
  }

  /** Called before its owner is told. */
  protected opened(): void {}

  /** Ends it without a word to its owner. */
  close(): void {
    this.#closed = true;
    this.#connected = false;
    this.client.disconnect();
  }

  /** Ends it as lost. */
  fail(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#owner.lost(error);
  }
}

/** A duplicate of the client, and in a Cluster of one of its nodes. */
export function duplicate<Client>(
  redis:
    | { duplicate(override: SubscriberOptions): Client }
    | { nodes(): { duplicate(override: SubscriberOptions): Client }[] },
): Client {
  if (!('nodes' in redis)) return redis.duplicate(overrides);
  const nodes = redis.nodes();
  // Pub/Sub reaches every node of a Cluster, so any of them will do; the next try takes another one.
  const node = nodes[Math.floor(Math.random() * nodes.length)];
  if (node === undefined) throw notConnected('close');
  return node.duplicate(overrides);
}

/** The error of a connection that is not there. */
export function notConnected(status: string, cause?: unknown): TornadoseError {
  const message = 'Expected a connection of our own to Redis, got none';
  const options = cause === undefined ? undefined : { cause };
  return new TornadoseError('ERR_REDIS_DOWN', message, { status, waited: 0 }, options);
}

/** The error of a connection that does not answer. */
export function silence(command: string, waited: number): TornadoseError {
  return new TornadoseError('ERR_REDIS_TIMEOUT', `Expected an answer to ${command} in ${waited} ms, got none`, {
    waited,
  });
}
