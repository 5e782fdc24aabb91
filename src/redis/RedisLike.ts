/**
 * What the library needs of a client of ioredis, version 5 or 6. It is small, so that the published declarations do not
 * import ioredis; a real `Redis` fits.
 */
export interface RedisLike extends CommandsLike, DuplicatedLike {
  /** A command is sent only where this is writable. */
  readonly stream?: { readonly writable: boolean } | undefined;
}

/** A `Cluster` of ioredis: it publishes by itself, and its nodes are duplicated for subscribing. */
export interface RedisClusterLike extends CommandsLike {
  nodes(role?: 'master'): ClusterNodeLike[];
  cluster(command: 'SLOTS'): Promise<unknown>;
  /** Has it look which nodes there are, and who has which slot. */
  refreshSlotsCache(): void;
}

/** A client that is duplicated for subscribing. */
export interface DuplicatedLike {
  readonly status: string;
  duplicate(override: SubscriberOptions): SubscriberLike;
}

/** A node of a `Cluster`. */
export interface ClusterNodeLike extends DuplicatedLike {
  cluster(command: 'MYID' | 'SLOTS'): Promise<unknown>;
}

/** What `Redis` and `Cluster` have in common. */
export interface CommandsLike {
  readonly status: string;
  readonly options?:
    | { readonly autoResendUnfulfilledCommands?: boolean | undefined; readonly keyPrefix?: string | undefined }
    | undefined;
  connect(): Promise<unknown>;
  publish(channel: string, message: string): Promise<number>;
  spublish(channel: string, message: string): Promise<unknown>;
  on(event: 'ready' | 'close' | 'end', listener: () => void): unknown;
  off(event: 'ready' | 'close' | 'end', listener: () => void): unknown;
}

/** What scripts need of a client beside that. */
export interface ScriptCommandsLike {
  eval(script: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  evalsha(digest: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
}

/** What a stream needs of a client beside that, for its `RedisStreamStore`. */
export interface StreamCommandsLike extends ScriptCommandsLike {
  xrangeBuffer(key: string, start: string, end: string, token: 'COUNT', count: number): Promise<unknown>;
}

/** A client of ioredis, version 5 or 6, for a `RedisStreamStore`. */
export interface RedisStreamLike extends RedisLike, ClusterNodeLike, StreamCommandsLike {
  readonly options: {
    readonly autoResendUnfulfilledCommands?: boolean | undefined;
    readonly keyPrefix?: string | undefined;
  };
  client(command: 'UNBLOCK', id: number): Promise<unknown>;
  duplicate(override: SubscriberOptions): SubscriberLike & ReaderLike;
}

/** A `Cluster` of ioredis, for a `RedisStreamStore`. */
export interface RedisStreamClusterLike extends RedisClusterLike, StreamCommandsLike {
  readonly options: { readonly keyPrefix?: string | undefined };
  nodes(role?: 'master'): RedisStreamLike[];
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
  ssubscribe(...channels: string[]): Promise<unknown>;
  sunsubscribe(...channels: string[]): Promise<unknown>;
  ping(): Promise<unknown>;
  on(event: 'ready' | 'end' | 'moved', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(
    event: 'messageBuffer' | 'smessageBuffer',
    listener: (channel: { toString(): string }, payload: Uint8Array) => void,
  ): unknown;
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

/** Whether Redis said it of whatever is asked, and of no key: it loads, a script keeps it busy, or it has lost its master. */
export function isOfAll(error: unknown): boolean {
  return error instanceof Error && /^(LOADING|BUSY|MASTERDOWN) /.test(error.message);
}
