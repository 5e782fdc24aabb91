import type { Context, Scenario } from './Scenario.ts';
import type { Ports } from './server/doors.ts';
import type { StreamOrders } from './server/streams.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { EventLog } from './support/EventLog.ts';
import { EventStreamClient } from './support/EventStreamClient.ts';
import { inLanes } from './support/inLanes.ts';
import { markReader, now, seqOf, timeOf } from './support/marks.ts';
import { percentile } from './support/percentile.ts';
import type { Served } from './support/Served.ts';
import { until } from './support/until.ts';
import { WebSocketClient } from './support/WebSocketClient.ts';

const events = 30;
const eventStreams = 4_000;
const webSockets = 500;
/** As many of each are there before the memory of the others is measured: the first ones pay for what all share. */
const first = 100;

type Figure = 'in order, with all' | 'p99' | 'RSS/SSE' | 'RSS/WebSocket';

export const fanOut: Scenario<Figure | AfterwardsFigure> = {
  id: 'R1',
  title: 'fan-out: 4,000 SSE, 500 WebSocket, 30 events at 1/s',
  criteria: {
    'in order, with all': { exactly: 100, unit: '%' },
    p99: { atMost: 500, unit: 'ms' },
    'RSS/SSE': { atMost: 20, unit: 'KiB' },
    'RSS/WebSocket': { atMost: 30, unit: 'KiB' },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<StreamOrders>('streams');
    const ports = await served.ask('open', { store: 'queue', recorded: false });
    const before = await served.ask('vitals', { collect: true });
    const crowd = new Crowd(context, ports);

    await crowd.joinEventStreams(first);
    await crowd.joinWebSockets(first);
    const warm = await served.ask('publish', { count: 100, bytes: 256, perSecond: 100 });
    await until(() => crowd.logs.every(({ last }) => last === warm.seq - 1), 5_000);

    const webSocket = await memoryOf(served, webSockets - first, (count) => crowd.joinWebSockets(count));
    const eventStream = await memoryOf(served, eventStreams - first, (count) => crowd.joinEventStreams(count));

    crowd.latencies.length = 0;
    const { seq } = await served.ask('publish', { count: events, bytes: 256, perSecond: 1 });
    await until(() => crowd.logs.every(({ last }) => last === seq - 1), 5_000);
    const hasAll = ({ last, count, holes, repeats }: EventLog, index: number): boolean =>
      last === seq - 1 && holes + repeats === 0 && count === (index < 2 * first ? seq : events);
    const figures = {
      'in order, with all': (crowd.logs.filter(hasAll).length / (eventStreams + webSockets)) * 100,
      p99: percentile(crowd.latencies, 0.99) / 1000,
      'RSS/SSE': eventStream,
      'RSS/WebSocket': webSocket,
    };
    crowd.leave();
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};

class Crowd {
  readonly logs: EventLog[] = [];
  readonly latencies: number[] = [];
  readonly #ports: Ports;
  readonly #leaves: (() => void)[] = [];

  constructor(context: Context, ports: Ports) {
    this.#ports = ports;
    context.defer(() => this.leave());
  }

  joinEventStreams(count: number): Promise<void> {
    return inLanes(count, 64, async () => {
      const log = this.#log();
      const onBody = markReader((seq, time) => this.#take(log, seq, time));
      const client = new EventStreamClient({ port: this.#ports.http1, path: '/', onBody });
      this.#leaves.push(() => client.reset());
      await client.opened;
    });
  }

  joinWebSockets(count: number): Promise<void> {
    return inLanes(count, 64, async () => {
      const log = this.#log();
      const onData = (data: string): void => this.#take(log, seqOf(data), timeOf(data));
      const client = new WebSocketClient({ port: this.#ports.http1, path: '/', onData });
      this.#leaves.push(() => client.terminate());
      await client.opened;
    });
  }

  leave(): void {
    for (const leave of this.#leaves.splice(0)) leave();
  }

  #log(): EventLog {
    const log = new EventLog();
    this.logs.push(log);
    return log;
  }

  #take(log: EventLog, seq: number, time: number): void {
    log.take(seq);
    this.latencies.push(now() - time);
  }
}

/** The resident memory of each of `count` clients that join, in KiB. */
async function memoryOf(
  served: Served<StreamOrders>,
  count: number,
  join: (count: number) => Promise<void>,
): Promise<number> {
  const { rss } = await served.ask('vitals', { collect: true });
  await join(count);
  const after = await served.ask('vitals', { collect: true });
  return (after.rss - rss) / count / 1024;
}
