import type { IncomingMessage, Server } from 'node:http';
import { checkUpgrade, refuseUpgrade } from 'tornadose';
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
    else if (route === undefined) refuseUpgrade(socket, 404);
    else webSockets.handleUpgrade(req, socket, head, route);
  });
}
