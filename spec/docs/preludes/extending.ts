// What the code in docs/extending.md takes for granted.
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import type { Redis } from 'ioredis';
import type { Encoder, Log, QueueStore } from 'tornadose';

export type { Writable } from 'node:stream';
export { defer, filter, finalize, map, type Observable, withLatestFrom } from 'rxjs';

export interface Order {
  readonly number: string;
}

export interface Tick {
  readonly symbol: string;
  readonly price: number;
}

export declare const res: ServerResponse;
export declare const redis: Redis;
export declare const file: Writable;
export declare const lines: Encoder;
export declare const orders: Log<Order>;
export declare const ticks: QueueStore<Tick>;

/** A table of a database. */
export declare const table: {
  /** The numbers of its first row and of its last one. */
  range(): Promise<{ first: number; last: number }>;
  after(id: number, count: number): Promise<{ id: number; order: Order }[]>;
  /** Resolves when there is a row after this one. */
  changed(id: number, signal: AbortSignal): Promise<void>;
};
