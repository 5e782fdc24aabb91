// Event streams and WebSockets for clients behind proxies, and what they would be without what this library does.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2, { type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import compression from 'compression';
import express from 'express';
import { type EventSourceOptions, QueueStore, toEventSource, toWebSocket } from 'tornadose';
import type { WebSocket } from 'ws';
import { listen } from '../../support/listen.ts';
import { http1Server } from '../support/http1Server.ts';
import { marked } from '../support/marks.ts';
import type { ScenarioServer } from './host.ts';

export interface ProxiedPorts {
  readonly http1: number;
  /** HTTP/2 in clear text. */
  readonly http2: number;
  /** HTTP/2 over TLS. */
  readonly secure: number;
  /** HTTP/1.1, by Express with a middleware that would compress all it may. */
  readonly compressed: number;
}

export type ProxiedOrders = {
  open(details: { readonly heartbeat: number; readonly certificate: string }): Promise<ProxiedPorts>;
  /** Publishes so many events to `/`, `/transformable` and WebSockets, and tells how many there are. */
  publish(details: { readonly count: number; readonly perSecond: number }): Promise<number>;
  /** Publishes one event to `/ordinary` and `/by-hand`. */
  publishOrdinary(): void;
};

const store = new QueueStore<string>();
const ordinaryStore = new QueueStore<string>();
let published = 0;
let heartbeat: number;

const transformable = { 'Cache-Control': 'no-cache' };
const ordinary = { ...transformable, 'X-Accel-Buffering': 'yes' };

function answer(req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse): void {
  const stream = (source: QueueStore<string>, options: EventSourceOptions<string>): void => {
    void source.pipe(toEventSource(res, { heartbeat, ...options }));
  };
  if (req.url === '/by-hand') byHand(res as ServerResponse);
  else if (req.url === '/silent') stream(store, { heartbeat: false });
  else if (req.url === '/ordinary') stream(ordinaryStore, { heartbeat: false, headers: ordinary });
  else if (req.url === '/transformable') stream(store, { headers: transformable });
  else stream(store, {});
}

/** What an application does that knows nothing of the middleware before it. */
function byHand(res: ServerResponse): void {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', ...transformable });
  res.flushHeaders();
  const subscription = ordinaryStore.subscribe((text) => res.write(`data: ${text}\n\n`));
  res.on('close', () => subscription.unsubscribe());
}

function greet(ws: WebSocket, { url }: IncomingMessage): void {
  void store.pipe(toWebSocket(ws, { heartbeat: url === '/silent' ? false : heartbeat }));
}

const compressing = express();
compressing.use(compression({ filter: () => true }));
compressing.use(answer);

const orders: ProxiedOrders = {
  async open({ heartbeat: every, certificate }) {
    heartbeat = every;
    const pem = readFileSync(certificate);
    return {
      http1: await listen(http1Server(answer, greet)),
      http2: await listen(http2.createServer(answer)),
      secure: await listen(http2.createSecureServer({ key: pem, cert: pem }, answer)),
      compressed: await listen(http1Server(compressing, greet)),
    };
  },
  async publish({ count, perSecond }) {
    const begun = performance.now();
    for (let n = 1; n <= count; n += 1) {
      store.next(marked(published++, 100));
      await sleep(Math.max(0, begun + (n * 1000) / perSecond - performance.now()));
    }
    return published;
  },
  publishOrdinary: () => ordinaryStore.next(marked(0, 100)),
};

export const server: ScenarioServer = {
  observers: () => store.observers.length + ordinaryStore.observers.length,
  orders,
};
