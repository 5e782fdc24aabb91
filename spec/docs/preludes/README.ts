// What the code in README.md takes for granted.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Redis } from 'ioredis';
import type { Observable } from 'rxjs';
import type { Encoder, Log, QueueStore, SinkOptions, Transport } from 'tornadose';
import type { WebSocket, WebSocketServer } from 'ws';

export { createServer } from 'node:http';
export { interval, map, merge } from 'rxjs';

export interface Order {
  readonly number: string;
  readonly price: number;
}

export interface Tick {
  readonly symbol: string;
  readonly price: number;
}

export interface Row {
  readonly name: string;
}

export declare const req: IncomingMessage;
export declare const res: ServerResponse;
export declare const request: Request;
export declare const server: Server;
export declare const user: { readonly id: string; readonly name: string };
export declare const webSockets: WebSocketServer;
export declare const chat: QueueStore<string>;
export declare const ws: WebSocket;
export declare const redis: Redis;
export declare const source: Observable<string>;
export declare const store: QueueStore<unknown>;
export declare const ticks: QueueStore<Tick>;
export declare const orders: QueueStore<Order>;
export declare const order: Order;
export declare const prices: Log<Tick>;
export declare const news: Log<string>;
export declare const cursor: AsyncIterable<Row>;
export declare const transport: Transport;
export declare const encoder: Encoder;
export declare const options: SinkOptions<string>;
export declare function allOrders(signal: AbortSignal): Promise<Order[]>;
export declare function toRow(row: Row): string;
export declare function show(data: string): void;
