// What the code in docs/delivery.md takes for granted.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RedisStreamStore } from 'tornadose/redis';

export interface Order {
  readonly number: string;
}

export declare const req: IncomingMessage;
export declare const res: ServerResponse;
export declare const orders: RedisStreamStore<Order>;
export declare const topics: ReadonlySet<string>;
