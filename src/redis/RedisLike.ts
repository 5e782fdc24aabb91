/**
 * What the library needs of a client of ioredis, version 5 or 6. It is small, so that the published declarations do not
 * import ioredis; a real `Redis` fits.
 */
export interface RedisLike extends CommandsLike {
  /** A command is sent only where this is writable. */
  readonly stream?: { readonly writable: boolean } | undefined;
  readonly options?: { readonly autoResendUnfulfilledCommands?: boolean | undefined } | undefined;
  duplicate(override: SubscriberOptions): SubscriberLike;
}

/** A `Cluster` of ioredis: it publishes by itself, and one of its nodes is duplicated for subscribing. */
export interface RedisClusterLike extends CommandsLike {
  nodes(): { duplicate(override: SubscriberOptions): SubscriberLike }[];
}

/** What `Redis` and `Cluster` have in common. */
export interface CommandsLike {
  readonly status: string;
  connect(): Promise<unknown>;
  publish(channel: string, message: string): Promise<number>;
  on(event: 'ready' | 'close' | 'end', listener: () => void): unknown;
  off(event: 'ready' | 'close' | 'end', listener: () => void): unknown;
}

/** The connection that subscribes. */
export interface SubscriberLike {
  connect(): Promise<unknown>;
  disconnect(): void;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  ping(): Promise<unknown>;
  on(event: 'ready' | 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'messageBuffer', listener: (channel: { toString(): string }, payload: Uint8Array) => void): unknown;
}

/** How the connection that subscribes differs from the client that it is a duplicate of. */
export interface SubscriberOptions {
  readonly lazyConnect: true;
  readonly enableOfflineQueue: false;
  readonly enableReadyCheck: false;
  readonly autoResubscribe: false;
  readonly autoResendUnfulfilledCommands: false;
  readonly enableAutoPipelining: false;
  readonly maxRetriesPerRequest: null;
  readonly reconnectOnError: null;
  readonly retryStrategy: () => null;
}

/** Whether Redis itself answered with this error, as against a connection that broke before the answer. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}
