// Logs behind a gate, over SSE (HTTP/1.1 and HTTP/2) and WebSocket: what is capped, drained, cut off and attacked.
import { subscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import http2 from 'node:http2';
import type { Server } from 'node:net';
import type { Observable } from 'rxjs';
import {
  type ConnectionEvent,
  checkUpgrade,
  type DrainReport,
  type ErrorReport,
  Gate,
  type GateOptions,
  lastEventId,
  type PositionedRequest,
  QueueStore,
  type SinkOptions,
  TornadoseError,
  toEventSource,
  toWebSocket,
} from 'tornadose';
import { json, RedisStore, RedisStreamStore } from 'tornadose/redis';
import { WebSocketServer } from 'ws';
import { listen } from '../../support/listen.ts';
import { sessionsOf } from '../../support/sessionsOf.ts';
import { connectTo } from '../support/connectTo.ts';
import { count } from '../support/counts.ts';
import { now } from '../support/marks.ts';
import { ownOrigin } from '../support/ownOrigin.ts';
import type { Ports } from './doors.ts';
import type { ScenarioServer } from './host.ts';
import { type LogLoad, LogPublisher, type Publication } from './LogPublisher.ts';

/** How the server is to be. */
export interface GatedSettings extends GateOptions {
  /** The port of a Redis, for `/stream` and `/channel` beside `/memory`. */
  readonly redis?: number;
  /** Of the sinks, in ms. */
  readonly heartbeat?: number;
  readonly maxAge?: number;
}

/** One connection, as the server saw it. */
export interface VisitReport {
  /** What it came with as `?client=`. */
  readonly client: number;
  /** The port that it came from. */
  readonly port: number;
  /** Why it closed, and when, in µs. */
  readonly reason: string | undefined;
  readonly closedAt: number | undefined;
}

export interface GateReport {
  readonly size: number;
  /** How many there are for each key that has come. */
  readonly keys: Readonly<Record<string, number>>;
  /** What was reported on `tornadose:error`, by code. */
  readonly faults: Readonly<Record<string, number>>;
  /** All texts of errors that an application would have in its log. */
  readonly texts: readonly string[];
  /** The names that somebody has added to `Object.prototype`. */
  readonly polluted: readonly string[];
}

export type GatedOrders = {
  open(settings: GatedSettings): Promise<Ports>;
  /** Into the log in memory, or the one in Redis. */
  publish(load: LogLoad & { readonly log: 'memory' | 'stream' }): Promise<Publication>;
  /** Ends a `publish` that is going on. */
  stop(): void;
  visits(): readonly VisitReport[];
  gate(): GateReport;
  /** Gives how many ms it took as well. */
  drain(details: { readonly over: number }): Promise<DrainReport & { readonly took: number }>;
  /** Closes both servers as Node does, and gives how many ms it took until all their connections were gone. */
  closeServers(): Promise<number>;
  /** Closes all, whoever is still there. */
  close(): Promise<void>;
};

let gate: Gate;
let sinkOptions: SinkOptions<unknown> = {};
let publisher: LogPublisher | undefined;
let redis: Awaited<ReturnType<typeof connectTo>> | undefined;
let stream: RedisStreamStore<string> | undefined;
let channel: RedisStore<string> | undefined;
const memory = new QueueStore<string>({ history: { size: 10_000 } });
const visits: { -readonly [Name in keyof VisitReport]: VisitReport[Name] }[] = [];
const keys = new Set<string>();
const faults: Record<string, number> = {};
const texts: string[] = [];

const write = (error: unknown): void => void texts.push(String(error), ...Object.values(error ?? {}).map(String));

subscribe('tornadose:error', (report) => {
  const { error } = report as ErrorReport;
  count(faults, TornadoseError.is(error) ? error.code : String(error));
  write(error);
});

const urlOf = (url: string | undefined): URL => new URL(url ?? '', 'http://127.0.0.1');

function keyOf(url: string | undefined): string | undefined {
  const key = urlOf(url).searchParams.get('key') ?? undefined;
  if (key !== undefined) keys.add(key);
  return key;
}

/** Connects one client. */
function accept(
  req: PositionedRequest,
  port: number | undefined,
  connect: (source: Observable<unknown>, options: SinkOptions<unknown>) => Observable<ConnectionEvent>,
): void {
  const { pathname, searchParams } = urlOf(req.url);
  const visit = { client: Number(searchParams.get('client')), port: port ?? 0, reason: undefined, closedAt: undefined };
  const source =
    pathname === '/channel' && channel !== undefined
      ? channel
      : ((pathname === '/stream' ? stream : undefined) ?? memory).since(lastEventId(req));
  visits.push(visit);
  connect(source, { ...sinkOptions, gate, key: keyOf(req.url) }).subscribe((event) => {
    if (event.type !== 'close') return;
    Object.assign(visit, { reason: event.reason, closedAt: now() });
    if (event.error !== undefined) write(event.error);
  });
}

const http1Server = createServer((req, res) => {
  accept(req, req.socket.remotePort, (source, options) => source.pipe(toEventSource(res, options)));
});
const webSockets = new WebSocketServer({ noServer: true });
http1Server.on('upgrade', (req, socket, head) => {
  const refusal = checkUpgrade(req, { origins: [ownOrigin], gate, key: keyOf(req.url) });
  if (refusal !== undefined) {
    write(refusal.error);
    refusal.send(socket);
    return;
  }
  webSockets.handleUpgrade(req, socket, head, (ws) => {
    accept(req, req.socket.remotePort, (source, options) => source.pipe(toWebSocket(ws, options)));
  });
});

const http2Server = http2.createServer((req, res) => {
  accept(req, undefined, (source, options) => source.pipe(toEventSource(res, options)));
});
const sessions = sessionsOf(http2Server);

const closed = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));

const orders: GatedOrders = {
  async open({ redis: port, heartbeat, maxAge, ...limits }) {
    gate = new Gate(limits);
    gate.watch(http2Server);
    sinkOptions = { heartbeat, maxAge };
    if (port !== undefined) {
      redis = await connectTo({ kind: 'server', port });
      stream = new RedisStreamStore<string>({ redis, key: 'stream', codec: json });
      channel = new RedisStore<string>({ redis, channel: 'channel', codec: json });
    }
    return { http1: await listen(http1Server), http2: await listen(http2Server) };
  },
  publish({ log, ...load }) {
    const store = (log === 'stream' ? stream : undefined) ?? memory;
    publisher = new LogPublisher((value) => store.submit(value), load);
    return publisher.publish();
  },
  stop: () => publisher?.stop(),
  visits: () => visits,
  gate: () => ({
    size: gate.size,
    keys: Object.fromEntries(Array.from(keys, (key) => [key, gate.sizeOf(key)])),
    faults,
    texts,
    polluted: Object.getOwnPropertyNames(Object.prototype).filter((name) => !before.has(name)),
  }),
  async drain({ over }) {
    const began = performance.now();
    const report = await gate.drain({ over });
    return { ...report, took: performance.now() - began };
  },
  async closeServers() {
    const began = performance.now();
    await Promise.all([closed(http1Server), closed(http2Server)]);
    return performance.now() - began;
  },
  async close() {
    for (const store of [memory, stream, channel]) await store?.close();
    redis?.disconnect();
    visits.length = 0;
    texts.length = 0;
    http1Server.closeAllConnections();
    for (const session of sessions) session.destroy();
    await Promise.all([closed(http1Server), closed(http2Server)]);
  },
};

const before = new Set(Object.getOwnPropertyNames(Object.prototype));
const observed = (): number => [memory, stream, channel].filter((store) => store?.observed).length;

export const server: ScenarioServer = { observers: observed, orders };
