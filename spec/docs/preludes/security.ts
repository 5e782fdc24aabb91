// What the code in docs/security.md takes for granted.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Log, QueueStore } from 'tornadose';

export { createServer } from 'node:http';
export { type WebSocket, WebSocketServer } from 'ws';

export interface User {
  readonly name: string;
  readonly isStaff: boolean;
  readonly sessionEnds: Date;
}

export declare const req: IncomingMessage;
export declare const res: ServerResponse;
export declare const user: User;
export declare const server: Server;
export declare const news: Log<string>;
export declare const orders: Log<string>;
export declare const all: Log<{ readonly owner: string }>;
export declare const chat: QueueStore<{ readonly from: string; readonly text: string }>;
export declare const claims: { readonly exp: number };
export declare const session: { readonly ended: AbortSignal };
export declare const ticket: string;
export declare const token: string;
export declare function userOf(req: IncomingMessage): User | undefined;
export declare function bodyOf(req: IncomingMessage, limits: { maxBytes: number }): Promise<{ text: string }>;
export declare function show(data: string): void;
