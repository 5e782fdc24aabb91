// What the code in docs/deploys.md takes for granted.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Redis } from 'ioredis';
import type { RedisPresence, RedisStreamStore } from 'tornadose/redis';

export declare const req: IncomingMessage;
export declare const res: ServerResponse;
export declare const redis: Redis;
export declare const orders: RedisStreamStore<{ readonly number: string }>;
export declare const presence: RedisPresence;
export declare function show(data: string): void;
export declare const server: Server;
export declare const http2Server: Http2Server;
export declare function leave(): Promise<void>;
