import { once } from 'node:events';
import type { ClientHttp2Stream } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, Scenario } from './Scenario.ts';
import type { Ports } from './server/doors.ts';
import type { GatedOrders } from './server/gated.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { EventLog } from './support/EventLog.ts';
import { EventStreamClient } from './support/EventStreamClient.ts';
import { EventStreamSession } from './support/EventStreamSession.ts';
import { inLanes } from './support/inLanes.ts';
import { markReader, seqOf } from './support/marks.ts';
import { Tries } from './support/Tries.ts';
import { until } from './support/until.ts';
import { WebSocketClient } from './support/WebSocketClient.ts';

const clients = { http1: 1_000, http2: 1_000, webSocket: 200 };
const total = clients.http1 + clients.http2 + clients.webSocket;
const streamsPerSession = 50;
const over = 1_000;
const bytes = 64;
const perSecond = 40;
/** An event whole, and the time to come back behind it. */
const farewell = new RegExp(String.raw`(?:^|\n)data: \^\d{8}:[^\n]{${bytes - 10}}\n\nretry: (\d+)\n\n$`);

type Figure =
  | 'ended'
  | 'drained in'
  | 'servers closed in'
  | 'last event whole, told when'
  | 'holes, repeats'
  | 'closed with 1012'
  | 'told the same 100 ms'
  | 'back in the same 100 ms'
  | 'back before the end'
  | 'tries meanwhile'
  | 'of them over HTTP/2'
  | 'let in, or not told when';

export const drains: Scenario<Figure | AfterwardsFigure> = {
  id: 'R24',
  title: 'a deploy: 2,000 SSE, 200 WebSocket, over 1 s',
  criteria: {
    ended: { exactly: total },
    'drained in': { atMost: 2_000, unit: 'ms' },
    'servers closed in': { atMost: 500, unit: 'ms' },
    'last event whole, told when': { exactly: total },
    'holes, repeats': { exactly: 0 },
    'closed with 1012': { exactly: clients.webSocket },
    'told the same 100 ms': { atMost: 15, unit: '%' },
    'back in the same 100 ms': { atMost: 15, unit: '%' },
    'back before the end': { exactly: 0 },
    'tries meanwhile': { atLeast: 9 },
    'of them over HTTP/2': { atLeast: 3 },
    'let in, or not told when': { exactly: 0 },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<GatedOrders>('gated');
    const before = await served.ask('vitals', { collect: true });
    const ports = await served.ask('open', {});
    const audience = new Audience(context, ports);
    await audience.join();
    // One that has no stream of ours, for which an HTTP/2 server would wait.
    const idle = new EventStreamSession(ports.http2);
    context.defer(() => idle.end());
    await once(idle.session, 'connect');
    const publishing = served.ask('publish', { log: 'memory', from: 1, count: 1e9, bytes, perSecond });
    await until(() => audience.all.every(({ log }) => log.count >= 5), 10_000);

    const tries = new Tries(context, ports);
    const draining = served.ask('drain', { over });
    await tries.until(draining);
    const { ended, took } = await draining;
    const endedAt = performance.now();
    await served.ask('stop');
    await publishing;
    const closing = served.ask('closeServers');
    const closed = await Promise.race([closing, sleep(5_000, Number.POSITIVE_INFINITY, { ref: false })]);
    await until(() => audience.all.every(({ wentAt }) => wentAt !== undefined), 2_000);

    const backAt = audience.all.map(({ wentAt, retry }) => (wentAt ?? Number.NaN) + retry);
    const figures = {
      ended,
      'drained in': took,
      'servers closed in': closed,
      'last event whole, told when': audience.all.filter(({ isWhole, retry }) => isWhole && retry >= 100).length,
      'holes, repeats': audience.all.reduce((sum, { log }) => sum + log.holes + log.repeats, 0),
      'closed with 1012': audience.all.filter(({ code }) => code === 1012).length,
      'told the same 100 ms': share(audience.all.map(({ retry }) => retry)),
      'back in the same 100 ms': share(backAt),
      'back before the end': backAt.filter((at) => !(at >= endedAt)).length,
      'tries meanwhile': tries.count,
      'of them over HTTP/2': tries.overHttp2,
      'let in, or not told when': tries.wrong,
    };
    await served.ask('close');
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};

/** What the fullest tenth of a second has of all, in %. */
function share(times: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const time of times) counts.set(Math.floor(time / 100), (counts.get(Math.floor(time / 100)) ?? 0) + 1);
  return (Math.max(...counts.values()) / times.length) * 100;
}

/** What one client got, and how it went. */
class Spectator {
  readonly log = new EventLog();
  /** After how many ms it is to come back. */
  retry = Number.NaN;
  wentAt: number | undefined;
  isWhole = false;
  code: number | undefined;
}

class Audience {
  readonly all: Spectator[] = [];
  readonly #context: Context;
  readonly #ports: Ports;

  constructor(context: Context, ports: Ports) {
    this.#context = context;
    this.#ports = ports;
  }

  async join(): Promise<void> {
    await inLanes(clients.http1, 32, () => this.#http1());
    await inLanes(clients.webSocket, 32, () => this.#webSocket());
    await inLanes(clients.http2 / streamsPerSession, 8, () => this.#http2());
  }

  async #http1(): Promise<void> {
    const tail = this.#tail();
    const client = new EventStreamClient({ port: this.#ports.http1, path: '/memory', onBody: tail.take });
    this.#context.defer(() => client.socket.destroy());
    void client.closed.then(() => tail.end(client.ended));
    await client.opened;
  }

  async #http2(): Promise<void> {
    const session = new EventStreamSession(this.#ports.http2);
    this.#context.defer(() => session.end());
    await inLanes(streamsPerSession, 8, async () => {
      const tail = this.#tail();
      const stream: ClientHttp2Stream = await session.open('/memory', tail.take);
      let ended = false;
      stream.on('end', () => {
        ended = true;
      });
      stream.on('close', () => tail.end(ended && stream.rstCode === 0));
    });
  }

  async #webSocket(): Promise<void> {
    const one = new Spectator();
    this.all.push(one);
    const onData = (data: string): void => {
      // Its first message is the position alone.
      if (data === '') return;
      one.isWhole = data.length === bytes;
      one.log.take(seqOf(data));
    };
    const client = new WebSocketClient({ port: this.#ports.http1, path: '/memory', onData });
    this.#context.defer(() => client.terminate());
    void client.closed.then((code) => {
      one.wentAt = performance.now();
      one.code = code;
      if (/^\d+$/.test(client.reason)) one.retry = Number(client.reason);
    });
    await client.opened;
  }

  #tail(): Tail {
    const one = new Spectator();
    this.all.push(one);
    return new Tail(one);
  }
}

/** Keeps the end of an event stream, by which it is judged. */
class Tail {
  readonly take: (bytes: Buffer) => void;
  readonly #one: Spectator;
  #text = '';

  constructor(one: Spectator) {
    this.#one = one;
    const read = markReader((seq) => one.log.take(seq));
    this.take = (part) => {
      this.#text = (this.#text + part.toString('latin1')).slice(-300);
      read(part);
    };
  }

  end(isProper: boolean): void {
    const [, retry] = farewell.exec(this.#text) ?? [];
    Object.assign(this.#one, { wentAt: performance.now(), isWhole: isProper && retry !== undefined });
    if (retry !== undefined) this.#one.retry = Number(retry);
  }
}
