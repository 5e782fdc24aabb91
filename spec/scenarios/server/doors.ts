import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Ports } from './streams.ts';

/** Who comes, by the way on which they come. */
export interface Doors {
  http(req: IncomingMessage, res: ServerResponse): void;
  http2(req: Http2ServerRequest, res: Http2ServerResponse): void;
  webSocket?(ws: WebSocket, path: string): void;
}

/** The doors of a server that are open. */
export interface OpenDoors {
  readonly ports: Ports;
  /** How many HTTP and HTTP/2 connections there are. */
  connections(): Promise<number>;
}

/** Opens a server for HTTP/1.1 and WebSocket, and one for HTTP/2 in clear text. */
export async function openDoors({ http, http2: overHttp2, webSocket }: Doors): Promise<OpenDoors> {
  const http1Server = createServer(http);
  const webSockets = new WebSocketServer({ noServer: true });
  http1Server.on('upgrade', (req, socket: Socket, head) => {
    webSockets.handleUpgrade(req, socket, head, (ws) => webSocket?.(ws, req.url ?? ''));
  });
  const http2Server = http2.createServer(overHttp2);
  let sessions = 0;
  http2Server.on('session', (session) => {
    sessions += 1;
    session.on('error', () => {});
    session.on('close', () => {
      sessions -= 1;
    });
  });
  return {
    ports: { http1: await listen(http1Server), http2: await listen(http2Server) },
    connections: () =>
      new Promise((resolve) => http1Server.getConnections((_error, count) => resolve(count + sessions))),
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
