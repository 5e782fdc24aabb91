import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, Criterion, Scenario } from './Scenario.ts';
import type { LogOrders } from './server/logs.ts';
import type { ResumeReport } from './server/resumers.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { BusyLog } from './support/BusyLog.ts';
import { DeliveryLog } from './support/DeliveryLog.ts';
import { LiveCrowd } from './support/LiveCrowd.ts';
import { percentile } from './support/percentile.ts';
import { runAsUsual, runFirst } from './support/precedence.ts';
import { ReturningClient } from './support/ReturningClient.ts';
import type { Served } from './support/Served.ts';
import { type LogKind, logKinds, logNames } from './support/serveLogs.ts';
import { until } from './support/until.ts';

const perSecond = 2_000;
const bytes = 100;
/** Each event is a write for each of them: forty would keep two cores busy by themselves, and wait for those. */
const liveClients = 10;
const resumers = 200;
/** For how many ms a stream is followed, at most, when the last client has gone: it lingers for a second. */
const lingers = 1_500;
/** How many ms they are away under load. In the second half of it the others are measured. */
const away = 2_000;
/** How often all of that is done: of what the machine itself holds up, the middle one has the least. */
const rounds = 5;
/** How often they come back to another process instead. */
const controls = 3;
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
      const load = { perSecond, clients: resumers, more };
      const here = await BusyLog.start(context, { ...load, store });
      const crowd = await LiveCrowd.join(context, liveClients, here.port, here.path);
      context.defer(() => runAsUsual(process.pid));
      // The clients first, as it is their latency, and Redis before the server, which is the one that waits.
      if (!here.runFirst(1) || !runFirst(process.pid, 5)) context.note('All processes are as urgent as each other.');
      await here.empty();
      await until(() => crowd.logs.every(({ last }) => last === here.published - 1), 2_000);

      here.publish();
      const reports: ResumeReport[] = [];
      const ratios: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        await sleep(away / 2);
        const calm = await crowd.latencies(() => sleep(away / 2));
        const busy = await crowd.latencies(async () => reports.push(await here.resume()));
        // Not before both were measured: to sort them takes a while, in which what comes would wait here.
        const [baseline, beside] = [p99(calm), p99(busy)];
        ratios.push(beside / baseline);
        context.note(`p99 of ${liveClients} live clients ${baseline.toFixed(1)} ms, then ${beside.toFixed(1)} ms`);
      }
      // What of that is the machine's: with two cores, what is busy elsewhere holds up all others for milliseconds.
      const elsewhere = await BusyLog.start(context, { ...load, store: 'queue' });
      await elsewhere.empty();
      elsewhere.publish();
      for (let round = 0; round < controls; round += 1) {
        await sleep(away);
        const busy = await crowd.latencies(() => elsewhere.resume());
        context.note(`p99 of the same while as many come back to another process: ${p99(busy).toFixed(1)} ms`);
      }
      for (const log of [here, elsewhere]) await log.stop();
      await until(() => crowd.logs.every(({ last }) => last === here.published - 1), 5_000);
      crowd.leave();

      const { served, before, port } = here;
      const times = await coldResumes(context, served, port, store);
      context.note(`cold resumes of ${long}: ${times.map((ms) => `${Math.round(ms)} ms`).join(', ')}`);

      const { closed } = await served.ask('tally');
      const { client: _, ...others } = closed;
      if (Object.keys(others).length > 0) context.note(`closed: ${JSON.stringify(others)}`);
      for (const log of [here, elsewhere]) await log.served.ask('close');
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
