import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';

/** A server of HTTP/1.1 that accepts every WebSocket. */
export function http1Server(
  listener: RequestListener,
  webSocket: (ws: WebSocket, req: IncomingMessage) => void,
): Server {
  const webSockets = new WebSocketServer({ noServer: true });
  return createServer(listener).on('upgrade', (req, socket, head) => {
    webSockets.handleUpgrade(req, socket, head, (ws) => webSocket(ws, req));
  });
}
