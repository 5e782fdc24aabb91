import { createHash } from 'node:crypto';
import type { Context, Scenario } from './Scenario.ts';
import type { Ports } from './server/doors.ts';
import type { StreamOrders } from './server/streams.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { EventStreamClient } from './support/EventStreamClient.ts';
import { EventStreamSession } from './support/EventStreamSession.ts';
import { throttled } from './support/throttled.ts';
import { until } from './support/until.ts';
import { WebSocketClient } from './support/WebSocketClient.ts';

const bytesPerSecond = 1_000_000;
const limit = 8 * 1024 * 1024;
const events = 5_000;
const eventBytes = 1_000;
const ofEach = 5;
const total = events * (eventBytes + 'data: \n\n'.length);

type Figure = 'identical bytes' | 'disconnected' | 'dropped' | 'took at least' | 'took';

export const throttledClients: Scenario<Figure | AfterwardsFigure> = {
  id: 'R8',
  title: '5 MB in one tick to 15 clients at 1 MB/s',
  criteria: {
    'identical bytes': { exactly: 100, unit: '%' },
    disconnected: { exactly: 0 },
    dropped: { exactly: 0 },
    // Or they were not throttled, and nothing shown.
    'took at least': { atLeast: 4, unit: 's' },
    took: { atMost: 15, unit: 's' },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<StreamOrders>('streams');
    const ports = await served.ask('open', { store: 'queue', maxBytes: limit });
    const before = await served.ask('vitals', { collect: true });
    const takers: Taker[] = [];
    const leaves: (() => void)[] = [];
    for (let client = 0; client < ofEach; client += 1) {
      for (const join of [joinEventStream, joinWebSocket, joinHttp2]) {
        const taker = new Taker();
        takers.push(taker);
        leaves.push(await join(ports, `/?client=${takers.length}`, taker, context));
      }
    }
    const begun = performance.now();
    const { hash } = await served.ask('publish', { count: events, bytes: eventBytes, hashed: true });
    await until(() => takers.every(({ isComplete }) => isComplete), 20_000);
    const took = takers.map(({ completeAt }) => (completeAt - begun) / 1000);
    const reports = await served.ask('clients');
    const figures = {
      'identical bytes': (takers.filter((taker) => taker.digest() === hash).length / takers.length) * 100,
      disconnected: reports.filter(({ reason }) => reason !== undefined).length,
      dropped: reports.reduce((sum, { dropped }) => sum + dropped, 0),
      'took at least': Math.min(...took),
      took: Math.max(...took),
    };
    for (const leave of leaves) leave();
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};

/** All that a client got, as an event stream. */
class Taker {
  completeAt: number = Number.NaN;
  readonly #hash = createHash('sha256');
  #taken = 0;

  readonly take = (bytes: Buffer | string): void => {
    this.#hash.update(bytes);
    this.#taken += bytes.length;
    if (this.#taken >= total) this.completeAt = performance.now();
  };

  get isComplete(): boolean {
    return this.#taken >= total;
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

type Join = (ports: Ports, path: string, taker: Taker, context: Context) => Promise<() => void>;

const joinEventStream: Join = async ({ http1: port }, path, { take }, context) => {
  const client = new EventStreamClient({ port, path, onBody: take, bytesPerSecond });
  context.defer(() => client.reset());
  await client.opened;
  return () => client.reset();
};

const joinWebSocket: Join = async ({ http1: port }, path, { take }, context) => {
  const onData = (data: string): void => take(`data: ${data}\n\n`);
  const client = new WebSocketClient({ port, path, onData, bytesPerSecond });
  context.defer(() => client.terminate());
  await client.opened;
  return () => client.terminate();
};

const joinHttp2: Join = async ({ http2: port }, path, { take }, context) => {
  const session = new EventStreamSession(port);
  context.defer(() => session.end());
  let hasRead: ((bytes: number) => void) | undefined;
  const stream = await session.open(path, (bytes) => {
    take(bytes);
    hasRead?.(bytes.length);
  });
  hasRead = throttled(stream, bytesPerSecond);
  return () => session.end();
};
