// A store behind all sinks for browsers: SSE over HTTP/1.1 and HTTP/2, and WebSocket.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from 'node:http2';
import type { Observable } from 'rxjs';
import {
  type BackpressureOperator,
  type ConnectionEvent,
  DataStore,
  type EventSourceOptions,
  fromPull,
  onBackpressureBuffer,
  onBackpressureLatest,
  QueueStore,
  toEventSource,
  toWebSocket,
} from 'tornadose';
import type { WebSocket } from 'ws';
import { marked } from '../support/marks.ts';
import {
  ClientRecord,
  type ClientReport,
  eventStreamFraming,
  socketWay,
  type Way,
  webSocketFraming,
} from './ClientRecord.ts';
import { type OpenDoors, openDoors, type Ports } from './doors.ts';
import type { ScenarioServer } from './host.ts';
import { type Published, Publisher, type PublishLoad } from './Publisher.ts';

/** How the server is to be. */
export interface StreamSettings {
  /** With the strategy that fits: the latest of `data`, and all of a `queue`. */
  readonly store: 'data' | 'queue';
  /** Of the strategy. */
  readonly maxBytes?: number;
  /** Whether it keeps a record of each client. One costs memory. @defaultValue true */
  readonly recorded?: boolean;
}

export type StreamOrders = {
  /** `/?client=7&stalls` tells who comes, and `/pull?…` is fed by an endless generator of its own. */
  open(settings: StreamSettings): Promise<Ports>;
  publish(load: PublishLoad): Promise<Published>;
  /** Ends a `publish` that is going on. */
  stop(): void;
  clients(): readonly ClientReport[];
  /** Drops what was recorded of them, by which the heap is not to be judged. */
  forget(): void;
  /** How much waits for each client that is there, in bytes. */
  held(): readonly number[];
  /** How many HTTP and HTTP/2 connections there are. */
  connections(): Promise<number>;
  /** How many generators of `/pull` have not come to their end. */
  pulling(): number;
};

let store: DataStore<string> | QueueStore<string>;
let doors: OpenDoors;
let publisher: Publisher;
let options: EventSourceOptions<string>;
let recorded = true;
let pulling = 0;
const records: ClientRecord[] = [];
/** Never aborted: each connection listens to it, and has to let go of it when it ends. */
const shutdown = new AbortController();

async function* endless(): AsyncGenerator<string> {
  pulling += 1;
  try {
    for (let seq = 0; ; seq += 1) yield marked(seq, 16_384);
  } finally {
    pulling -= 1;
  }
}

/** Connects one client. */
function accept(
  url: string,
  way: Way,
  connect: (source: Observable<string>) => Observable<ConnectionEvent>,
): ClientRecord | undefined {
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
  const source = pathname === '/pull' ? fromPull(endless()) : store;
  if (!recorded) {
    void connect(source);
    return undefined;
  }
  const { seq, bytes } = publisher;
  const record = new ClientRecord(Number(searchParams.get('client')), searchParams.has('stalls'), { seq, bytes }, way);
  records.push(record);
  connect(source).subscribe(record.observe);
  return record;
}

function http(req: IncomingMessage, res: ServerResponse): void {
  const { socket } = req;
  const record = accept(req.url ?? '', socketWay(socket, eventStreamFraming), (source) =>
    source.pipe(toEventSource(res, options)),
  );
  socket.once('close', () => record?.gone());
}

function webSocket(ws: WebSocket, { socket, url = '' }: IncomingMessage): void {
  // The options of a WebSocket are fewer, but all that are given here.
  const record = accept(url, socketWay(socket, webSocketFraming), (source) => source.pipe(toWebSocket(ws, options)));
  socket.once('close', () => record?.gone());
}

function http2(req: Http2ServerRequest, res: Http2ServerResponse): void {
  const record = accept(req.url, http2Way(res), (source) => source.pipe(toEventSource(res, options)));
  res.stream.once('close', () => record?.gone());
}

/** Node does not tell what a stream has passed on, so what it was given is counted. */
function http2Way(res: Http2ServerResponse): Way {
  const stream: ServerHttp2Stream = res.stream;
  let given = 0;
  const write = res.write;
  res.write = function counted(this: Http2ServerResponse, ...args: Parameters<typeof write>) {
    given += args[0].length;
    return write.apply(this, args);
  } as typeof write;
  return {
    framing: eventStreamFraming,
    get taken() {
      return given - stream.writableLength;
    },
    get held() {
      return stream.writableLength;
    },
  };
}

const orders: StreamOrders = {
  async open(settings) {
    // What it would retain is not to be judged, and is megabytes.
    store = settings.store === 'data' ? new DataStore(marked(0, 256)) : new QueueStore({ history: { size: 1 } });
    recorded = settings.recorded ?? true;
    const maxBytes = settings.maxBytes ?? 1024 * 1024;
    const strategy = settings.store === 'data' ? onBackpressureLatest : onBackpressureBuffer;
    const backpressure: BackpressureOperator<string> = strategy({ maxBytes });
    options = { backpressure, signal: shutdown.signal };
    // The first value of a DataStore has number 0.
    publisher = new Publisher((text) => store.next(text), records, maxBytes, settings.store === 'data' ? 1 : 0);
    doors = await openDoors({ http, http2, webSocket });
    return doors.ports;
  },
  publish: (load) => publisher.publish(load),
  stop: () => publisher.stop(),
  clients: () => records.map(({ report }) => report),
  forget() {
    records.length = 0;
  },
  held: () => records.filter(({ isClosed }) => !isClosed).map(({ held }) => held),
  connections: () => doors.connections(),
  pulling: () => pulling,
};

export const server: ScenarioServer = { observers: () => store?.observers.length ?? 0, orders };
