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

/** What a stream needs of a client beside that, for its `RedisStreamStore`. */
export interface StreamCommandsLike {
  eval(script: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  evalsha(digest: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  xrangeBuffer(key: string, start: string, end: string, token: 'COUNT', count: number): Promise<unknown>;
}

/** A client of ioredis, version 5 or 6, for a `RedisStreamStore`. */
export interface RedisStreamLike extends RedisLike, StreamCommandsLike {
  readonly options: {
    readonly autoResendUnfulfilledCommands?: boolean | undefined;
    readonly keyPrefix?: string | undefined;
  };
  client(command: 'UNBLOCK', id: number): Promise<unknown>;
  cluster(command: 'MYID'): Promise<unknown>;
  duplicate(override: SubscriberOptions): SubscriberLike & ReaderLike;
}

/** A `Cluster` of ioredis, for a `RedisStreamStore`. */
export interface RedisStreamClusterLike extends RedisClusterLike, StreamCommandsLike {
  readonly options: { readonly keyPrefix?: string | undefined };
  nodes(role?: 'master'): RedisStreamLike[];
  cluster(command: 'KEYSLOT', key: string): Promise<unknown>;
  cluster(command: 'SLOTS'): Promise<unknown>;
}

/** A connection of the library's own. */
export interface DuplicateLike {
  connect(): Promise<unknown>;
  disconnect(): void;
  on(event: 'ready' | 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** The connection that reads streams. */
export interface ReaderLike extends DuplicateLike {
  client(command: 'ID'): Promise<unknown>;
  xreadBuffer(
    countToken: 'COUNT',
    count: number,
    blockToken: 'BLOCK',
    block: number,
    streamsToken: 'STREAMS',
    ...keysAndIds: string[]
  ): Promise<unknown>;
  xreadBuffer(countToken: 'COUNT', count: number, streamsToken: 'STREAMS', ...keysAndIds: string[]): Promise<unknown>;
}

/** The connection that subscribes. */
export interface SubscriberLike extends DuplicateLike {
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  ping(): Promise<unknown>;
  on(event: 'ready' | 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'messageBuffer', listener: (channel: { toString(): string }, payload: Uint8Array) => void): unknown;
}

/** How a connection of the library's own differs from the client that it is a duplicate of. */
export interface SubscriberOptions {
  readonly lazyConnect: true;
  readonly enableOfflineQueue: false;
  readonly keyPrefix: '';
  readonly commandTimeout: undefined;
  readonly socketTimeout: undefined;
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
