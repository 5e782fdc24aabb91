import type { IncomingMessage, Server } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { sameHost } from '../support/sameHost.ts';

type Route = (ws: WebSocket, req: IncomingMessage) => void;

/** Takes WebSockets by their paths. A `WebSocketServer` with a path of its own refuses those that are for another. */
export function serveWebSockets(server: Server, routes: ReadonlyMap<string, Route>): void {
  const routeOf = ({ url }: IncomingMessage): Route | undefined => routes.get(url?.split('?')[0] ?? '');
  const verifyClient = ({ req }: { req: IncomingMessage }): boolean => sameHost(req) && routeOf(req) !== undefined;
  const sockets = new WebSocketServer({ server, maxPayload: 1000, verifyClient });
  // `ws` passes the server's errors on, and they are the server's to report.
  sockets.on('error', () => {});
  sockets.on('connection', (ws, req) => routeOf(req)?.(ws, req));
}
