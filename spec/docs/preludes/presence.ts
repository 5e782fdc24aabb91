// What the code in docs/presence.md takes for granted.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Redis } from 'ioredis';
import type { Presence, QueueStore } from 'tornadose';

export { merge } from 'rxjs';

export declare const req: IncomingMessage;
export declare const res: ServerResponse;
export declare const redis: Redis;
export declare const chat: QueueStore<string>;
export declare const user: { readonly id: string; readonly name: string };
export declare const presence: Presence<{ readonly id: string; readonly name: string }>;
export declare const source: EventSource;
export declare function show(members: Iterable<{ readonly id: string; readonly name: string }>): void;
