// What may happen to a request, a response or a WebSocket before a sink is attached, or right after.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { NEVER } from 'rxjs';
import { toEventSource } from 'tornadose';
import type { WebSocket } from 'ws';

export type Req = IncomingMessage | Http2ServerRequest;
export type Res = ServerResponse | Http2ServerResponse;

/** What may have happened to a request that is still to be answered with a stream. */
export const readings: Readonly<Record<string, (req: Req, res: Res) => unknown>> = {
  async resumed(req) {
    req.resume();
    await once(req, 'end');
    // Over HTTP/1.1 its close follows, and over HTTP/2 that of the stream is the only one.
    await turn();
  },
  async iterated(req) {
    for await (const _ of req);
    await turn();
  },
  async paused(req) {
    req.pause();
    await turn();
  },
  async parsed(req, res) {
    const { json } = await import('express');
    await new Promise((resolve) => json()(req as IncomingMessage, res as ServerResponse, resolve));
  },
  delayed: () => sleep(20),
  unread() {},
  'read later'(req) {
    setTimeout(() => req.resume(), 20);
  },
};

/** What may have happened to a response that can take none. */
export const spendings: Readonly<Record<string, (req: Req, res: Res) => unknown>> = {
  ended: (_req, res) => void res.end('over'),
  'ended and gone': async (_req, res) => {
    res.end('over');
    await once(res, 'close');
  },
  destroyed: (_req, res) => void res.destroy(),
  'request destroyed': destroyRequest,
  'connection destroyed': (_req, res) => void connectionOf(res)?.destroy(),
  started: (_req, res) => void (res as ServerResponse).writeHead(200, { 'content-type': 'text/plain' }).write('x'),
  streaming: (_req, res) => void NEVER.pipe(toEventSource(res)),
  left: (_req, res) => once(res, 'close'),
};

/** What an application may do in the tick in which something is published. */
export const races: Readonly<Record<string, (req: Req, res: Res) => void>> = {
  end: (_req, res) => void res.end(),
  'end with a text': (_req, res) => void res.end('over'),
  destroy: (_req, res) => void res.destroy(),
  'destroy the request': destroyRequest,
  'destroy the connection': (_req, res) => void connectionOf(res)?.destroy(),
  'end the connection': (_req, res) => void ('stream' in res ? res.stream.close() : res.socket?.end()),
};

/** The same of WebSockets. */
export const socketSpendings: Readonly<Record<string, (ws: WebSocket) => unknown>> = {
  closing: (ws) => ws.close(),
  terminated: (ws) => ws.terminate(),
  closed: async (ws) => {
    ws.close();
    await once(ws, 'close');
  },
};
export const socketRaces: Readonly<Record<string, (ws: WebSocket) => void>> = {
  close: (ws) => ws.close(),
  terminate: (ws) => ws.terminate(),
};

function connectionOf(res: Res): { destroy(): unknown } | null | undefined {
  return 'stream' in res ? res.stream.session : res.socket;
}

/** Over HTTP/2, `destroy` of a request ends its reading, and nothing else. */
function destroyRequest(req: Req): void {
  if ('stream' in req) req.stream.destroy();
  else req.destroy();
}
