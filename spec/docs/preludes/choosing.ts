// What the code in docs/choosing.md takes for granted.
import type { ServerResponse } from 'node:http';
import type { Redis } from 'ioredis';
import type { DataStore, QueueStore } from 'tornadose';
import type { WebSocket } from 'ws';

export { createServer } from 'node:http';
export { auditTime } from 'rxjs';

export interface Tick {
  readonly symbol: string;
  readonly price: number;
}

export declare const res: ServerResponse;
export declare const ws: WebSocket;
export declare const redis: Redis;
export declare const temperature: DataStore<number>;
export declare const ticks: QueueStore<Tick>;
export declare const clicks: QueueStore<number>;
export declare const lines: QueueStore<string>;
export declare const pointer: QueueStore<{ readonly x: number; readonly y: number }>;
