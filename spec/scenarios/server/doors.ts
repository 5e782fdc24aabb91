import type { IncomingMessage, ServerResponse } from 'node:http';
import http2, { type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { WebSocket } from 'ws';
import { listen } from '../../support/listen.ts';
import { sessionsOf } from '../../support/sessionsOf.ts';
import { http1Server } from '../support/http1Server.ts';

/** Who comes, by the way on which they come. */
export interface Doors {
  http(req: IncomingMessage, res: ServerResponse): void;
  http2(req: Http2ServerRequest, res: Http2ServerResponse): void;
  webSocket?(ws: WebSocket, req: IncomingMessage): void;
}

/** Where a server of a scenario listens. */
export interface Ports {
  /** HTTP/1.1 and WebSocket. */
  readonly http1: number;
  /** HTTP/2 in clear text. */
  readonly http2: number;
}

/** The doors of a server that are open. */
export interface OpenDoors {
  readonly ports: Ports;
  /** How many HTTP and HTTP/2 connections there are. */
  connections(): Promise<number>;
}

/** Opens a server for HTTP/1.1 and WebSocket, and one for HTTP/2 in clear text. */
export async function openDoors({ http, http2: overHttp2, webSocket }: Doors): Promise<OpenDoors> {
  const http1 = http1Server(http, (ws, req) => webSocket?.(ws, req));
  const http2Server = http2.createServer(overHttp2);
  const sessions = sessionsOf(http2Server);
  return {
    ports: { http1: await listen(http1), http2: await listen(http2Server) },
    connections: () =>
      new Promise((resolve) => http1.getConnections((_error, count) => resolve(count + sessions.size))),
  };
}
