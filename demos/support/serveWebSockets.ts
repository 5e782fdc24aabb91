import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { checkUpgrade } from 'tornadose';
import { type WebSocket, WebSocketServer } from 'ws';

/** Takes WebSockets by their paths, from pages of this host alone. */
export function serveWebSockets(
  server: Server,
  routes: Readonly<Record<string, (ws: WebSocket, req: IncomingMessage) => void>>,
): void {
  const webSockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (req, socket, head) => {
    const path = req.url?.split('?')[0] ?? '';
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    const refusal = checkUpgrade(req);
    if (refusal !== undefined) refusal.send(socket);
    else if (route === undefined) notFound(socket);
    else webSockets.handleUpgrade(req, socket, head, route);
  });
}

function notFound(socket: Duplex): void {
  // Nobody else listens any more, and the client may keep its side open.
  socket.on('error', () => {}).on('finish', () => socket.destroy());
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}
