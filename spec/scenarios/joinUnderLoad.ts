import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, Criterion, Scenario } from './Scenario.ts';
import type { LogOrders } from './server/logs.ts';
import type { ResumeReport, ResumerOrders } from './server/resumers.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { DeliveryLog } from './support/DeliveryLog.ts';
import { EventLog } from './support/EventLog.ts';
import { now } from './support/marks.ts';
import { percentile } from './support/percentile.ts';
import { ReturningClient } from './support/ReturningClient.ts';
import type { Served } from './support/Served.ts';
import { type LogKind, logKinds, logNames, serveLogs } from './support/serveLogs.ts';
import { until } from './support/until.ts';

const perSecond = 2_000;
const bytes = 100;
/** Each event is a write for each of them: forty would keep two cores busy by themselves, and wait for those. */
const liveClients = 10;
const resumers = 200;
/** They leave in groups, each at another event, before the load begins. */
const groups = 20;
const between = 50;
/** For how many ms a stream is followed, at most, when the last client has gone: it lingers for a second. */
const lingers = 1_500;
/** How many ms they are away under load. In the second half of it the others are measured. */
const away = 2_000;
/** How often all of that is done: of what the machine itself holds up, the middle one has the least. */
const rounds = 5;
/** How many events each stays for when it has caught up. Together they are more than this machine can serve for long. */
const more = 100;
/** How long what a client has missed of a log is that nobody follows, and how many logs there are of that, each read once. */
const [long, coldLogs] = [10_000, 5];

type Figure =
  | 'resumed'
  | 'missed and got, each'
  | 'holes'
  | 'repeated or reordered'
  | 'notices'
  | 'live: holes, repeats, notices'
  | 'caught up within'
  | 'p99 against its baseline'
  | 'cold resume of 10,000';

export const joinsUnderLoad: readonly Scenario[] = logKinds.map(joinUnderLoad);

function joinUnderLoad(store: LogKind): Scenario<Figure | AfterwardsFigure> {
  const resume: Criterion = { atMost: store === 'queue' ? 200 : 1_000, unit: 'ms' };
  return {
    id: 'R18',
    title: `${logNames[store]}: 200 come back at once, 2,000 events/s`,
    criteria: {
      resumed: { exactly: resumers * rounds },
      'missed and got, each': { atLeast: 3_000 },
      holes: { exactly: 0 },
      'repeated or reordered': { exactly: 0 },
      notices: { exactly: 0 },
      'live: holes, repeats, notices': { exactly: 0 },
      'caught up within': { atMost: 20_000, unit: 'ms' },
      'p99 against its baseline': { atMost: 3, unit: '×' },
      'cold resume of 10,000': resume,
      ...afterwardsCriteria,
    },

    async run(context) {
      const { served, before, port } = await serveLogs(context, store);
      const visiting = await context.serve<ResumerOrders>('resumers');
      await served.ask('add', { name: 'ticks', store, size: 50_000 });
      const path = '/ticks';
      const crowd = await LiveCrowd.join(context, port, path);
      await visiting.ask('join', { port, path, count: resumers });

      let seq = 0;
      for (let group = 0; group < groups; group += 1) {
        await served.ask('publish', { log: 'ticks', from: seq, count: between, bytes });
        seq += between;
        await until(() => crowd.logs.every(({ last }) => last === seq - 1), 2_000);
        await visiting.ask('cut', { count: resumers / groups });
      }
      const publishing = served.ask('publish', { log: 'ticks', from: seq, count: 1e9, bytes, perSecond });
      const reports: ResumeReport[] = [];
      const ratios: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        await sleep(away / 2);
        const calm = await crowd.latencies(() => sleep(away / 2));
        const busy = await crowd.latencies(async () => reports.push(await visiting.ask('resume', { more })));
        // Not before both were measured: to sort them takes a while, in which what comes would wait here.
        const [baseline, beside] = [p99(calm), p99(busy)];
        ratios.push(beside / baseline);
        context.note(`p99 of ${liveClients} live clients ${baseline.toFixed(1)} ms, then ${beside.toFixed(1)} ms`);
      }
      await served.ask('stop');
      seq += (await publishing).acknowledged.length;
      await until(() => crowd.logs.every(({ last }) => last === seq - 1), 5_000);

      crowd.leave();

      const times = await coldResumes(context, served, port, store);
      context.note(`cold resumes of ${long}: ${times.map((ms) => `${Math.round(ms)} ms`).join(', ')}`);

      const { closed } = await served.ask('tally');
      const { client: _, ...others } = closed;
      if (Object.keys(others).length > 0) context.note(`closed: ${JSON.stringify(others)}`);
      await served.ask('close');
      const last = reports.at(-1) as ResumeReport;
      const figures = {
        resumed: reports.reduce((sum, { resumed }) => sum + resumed, 0),
        'missed and got, each': Math.min(...reports.map(({ replayed }) => replayed)) / resumers,
        holes: last.holes,
        'repeated or reordered': last.repeats,
        notices: last.notices,
        'live: holes, repeats, notices': crowd.faults,
        'caught up within': Math.max(...reports.map(({ slowest }) => slowest)),
        'p99 against its baseline': percentile(ratios, 0.5),
        'cold resume of 10,000': percentile(times, 0.5),
      };
      return { ...figures, ...(await afterwards(context, served, before)) };
    },
  };
}

/** In ms. */
const p99 = (latencies: readonly number[]): number => percentile(latencies, 0.99) / 1000;

/** Clients that stay. */
class LiveCrowd {
  readonly logs: EventLog[] = [];
  /** The id of each event, as one of them got it. */
  readonly ids: Map<number, string | undefined> = new Map<number, string | undefined>();
  #latencies: number[] = [];
  readonly #clients: ReturningClient<EventLog>[] = [];

  static async join(context: Context, port: number, path: string): Promise<LiveCrowd> {
    const crowd = new LiveCrowd();
    context.defer(() => crowd.leave());
    for (let n = 0; n < liveClients; n += 1) await crowd.#join(port, path);
    return crowd;
  }

  /** The latencies while something goes on, in µs. */
  async latencies(going: () => Promise<unknown>): Promise<readonly number[]> {
    this.#latencies = [];
    await going();
    const measured = this.#latencies;
    this.#latencies = [];
    return measured;
  }

  get faults(): number {
    return this.logs.reduce((sum, { holes, repeats, notices }) => sum + holes + repeats + notices.length, 0);
  }

  leave(): void {
    for (const client of this.#clients.splice(0)) client.cut();
  }

  async #join(port: number, path: string): Promise<void> {
    const log = new EventLog();
    const isFirst = this.logs.length === 0;
    const took = (seq: number, time: number, id: string | undefined): void => {
      this.#latencies.push(now() - time);
      if (isFirst) this.ids.set(seq, id);
    };
    const client = new ReturningClient({ port, path, log, took });
    this.logs.push(log);
    this.#clients.push(client);
    await client.open();
  }
}

/**
 * How many ms the first client takes that comes back to a log which nobody has followed meanwhile, for some logs: nothing
 * of a stream is in the memory of the process, be it as pages that were read for others or as what came last.
 */
async function coldResumes(
  context: Context,
  served: Served<LogOrders>,
  port: number,
  store: LogKind,
): Promise<number[]> {
  const clients: ReturningClient<DeliveryLog>[] = [];
  for (let n = 0; n < coldLogs; n += 1) {
    const name = `cold-${n}`;
    await served.ask('add', { name, store, size: long });
    const client = new ReturningClient({ port, path: `/${name}`, log: new DeliveryLog() });
    context.defer(() => client.cut());
    clients.push(client);
    await client.open();
    await until(() => client.id !== undefined, 2_000);
    client.cut();
  }
  await sleep(lingers);
  for (let n = 0; n < coldLogs; n += 1) await served.ask('publish', { log: `cold-${n}`, from: 0, count: long, bytes });
  const times: number[] = [];
  for (const client of clients) {
    const { log } = client;
    const begun = performance.now();
    await client.open();
    while (log.last !== long - 1 && performance.now() - begun < 5_000) await sleep(1);
    times.push(log.count === long && log.notices.length === 0 ? performance.now() - begun : Infinity);
    client.cut();
  }
  return times;
}
