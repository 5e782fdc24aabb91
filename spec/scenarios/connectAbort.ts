import { once } from 'node:events';
import { constants } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, Scenario } from './Scenario.ts';
import type { Ports } from './server/doors.ts';
import type { StreamOrders } from './server/streams.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { EventStreamClient } from './support/EventStreamClient.ts';
import { EventStreamSession } from './support/EventStreamSession.ts';
import { inLanes } from './support/inLanes.ts';
import { random } from './support/random.ts';
import { signal } from './support/signal.ts';
import { until } from './support/until.ts';
import { WebSocketClient } from './support/WebSocketClient.ts';

const cycles = { http1: 7_000, http2: 7_000, webSocket: 6_000 };
const total = cycles.http1 + cycles.http2 + cycles.webSocket;
const lanes = 32;
/** How many streams an HTTP/2 connection has before it is cut with the last one open. Node allows a thousand aborts. */
const streamsPerSession = 100;

type Figure = 'cycles' | 'observers gone after' | 'connections left';

export const connectAbort: Scenario<Figure | AfterwardsFigure> = {
  id: 'R10',
  title: '20,000 connect/abort cycles: SSE, HTTP/2, WebSocket',
  criteria: {
    cycles: { exactly: total },
    'observers gone after': { atMost: 1_000, unit: 'ms' },
    'connections left': { exactly: 0 },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<StreamOrders>('streams');
    // Each newcomer is greeted with the latest value, so something is written to all that stay for it.
    const ports = await served.ask('open', { store: 'data', recorded: false });
    const before = await served.ask('vitals', { collect: true });
    const publishing = served.ask('publish', { count: 1e9, bytes: 256, perSecond: 200 });
    const visits = new Visits(context, ports);
    await inLanes(cycles.http1, lanes, () => visits.http1());
    await inLanes(cycles.webSocket, lanes, () => visits.webSocket());
    await inLanes(cycles.http2 / streamsPerSession, lanes / 8, () => visits.http2());
    const gone = await until(async () => (await served.ask('observers')) === 0, 5_000);
    await served.ask('stop');
    await publishing;
    await until(async () => (await served.ask('connections')) === 0, 2_000);
    const figures = {
      cycles: visits.count,
      'observers gone after': gone,
      'connections left': await served.ask('connections'),
    };
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};

/** Visits that are broken off at once, when the head has come, or when the first event has. */
class Visits {
  count = 0;
  readonly #ports: Ports;
  readonly #draw: () => number;

  constructor({ seed }: Context, ports: Ports) {
    this.#ports = ports;
    this.#draw = random(seed);
  }

  async http1(): Promise<void> {
    const event = signal();
    const client = new EventStreamClient({ port: this.#ports.http1, path: '/', onBody: () => event.give() });
    await this.#moment([once(client.socket, 'connect'), client.opened, event.given]);
    // Each way leaves its own trace in the server: an error, or an end.
    if (this.#draw() < 0.8) client.reset();
    else client.socket.destroy();
    await client.closed;
    this.count += 1;
  }

  async webSocket(): Promise<void> {
    const event = signal();
    const client = new WebSocketClient({ port: this.#ports.http1, path: '/', onData: () => event.give() });
    await this.#moment([sleep(2), client.opened, event.given]);
    if (this.#draw() < 0.5) client.terminate();
    else client.close();
    await client.closed;
    this.count += 1;
  }

  /** A connection with its streams, one after the other. */
  async http2(): Promise<void> {
    const session = new EventStreamSession(this.#ports.http2);
    for (let n = 1; n <= streamsPerSession; n += 1) {
      const event = signal();
      const stream = session.request('/', () => event.give());
      const closed = once(stream, 'close');
      await this.#moment([sleep(1), once(stream, 'response'), event.given]);
      if (n === streamsPerSession) session.end();
      else stream.close(constants.NGHTTP2_CANCEL);
      await closed;
      this.count += 1;
    }
    await session.closed;
  }

  async #moment(moments: readonly [Promise<unknown>, Promise<unknown>, Promise<unknown>]): Promise<void> {
    for (const each of moments) each.catch(() => {});
    await moments[Math.floor(this.#draw() * 3)];
  }
}
