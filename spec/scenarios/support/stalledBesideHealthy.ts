import type { Context, Criterion } from '../Scenario.ts';
import type { ClientReport } from '../server/ClientRecord.ts';
import type { Ports } from '../server/doors.ts';
import type { StreamOrders } from '../server/streams.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria, megabytes } from './afterwards.ts';
import { EventLog } from './EventLog.ts';
import { rssAfter } from './rssAfter.ts';
import { grownUp, type Served } from './Served.ts';
import { until } from './until.ts';

const limit = 1024 * 1024;
const eventBytes = 1024;
const events = 40_000;
/** What is around an event on the wire, at most. */
const framing = 16;

/** A client that can stop reading. */
export interface Stallable {
  readonly opened: Promise<unknown>;
  /** The end has come, behind everything that was on its way. */
  readonly closed: Promise<unknown>;
  pause(): void;
  resume(): void;
  leave(): void;
}

/** Who comes: `path` is what to ask for, `take` is given the number of each event. */
export interface Coming {
  readonly ports: Ports;
  readonly path: string;
  readonly stalls: boolean;
  readonly take: (seq: number) => void;
}

type StalledName =
  | 'healthy with all'
  | 'holes, repeats'
  | 'overflow reported'
  | 'reported after'
  | 'gone after'
  | 'given after close'
  | 'most pending'
  | 'least pending'
  | 'RSS'
  | 'RSS after';

/** The figures of `stalledBesideHealthy`. */
export type StalledFigure = StalledName | AfterwardsFigure;

const criteria: Readonly<Record<StalledName, Criterion>> = {
  'healthy with all': { exactly: 100, unit: '%' },
  'holes, repeats': { exactly: 0 },
  'overflow reported': { exactly: 100, unit: '%' },
  'reported after': { atMost: 1_000, unit: 'ms' },
  'gone after': { atMost: 1_000, unit: 'ms' },
  'given after close': { exactly: 0, unit: 'bytes' },
  'most pending': { atMost: limit + eventBytes + framing, unit: 'bytes' },
  // Or one was cut off that was still to be waited for.
  'least pending': { atLeast: 0.9 * limit, unit: 'bytes' },
  RSS: { atMost: 64, unit: 'MB more' },
  'RSS after': { atMost: 10, unit: '% more' },
};

/** What has to hold when some clients stop reading. */
export const stalledCriteria: Readonly<Record<StalledFigure, Criterion>> = {
  ...criteria,
  ...afterwardsCriteria,
};

/** Healthy clients get 40 MB alone, and then 40 MB more while others beside them do not read. */
export async function stalledBesideHealthy(
  context: Context,
  { healthy, stalled }: { readonly healthy: number; readonly stalled: number },
  connect: (coming: Coming) => Stallable | Promise<Stallable>,
): Promise<Readonly<Record<StalledFigure, number>>> {
  const served: Served<StreamOrders> = await context.serve('streams', grownUp);
  const ports = await served.ask('open', { store: 'queue', maxBytes: limit });
  const before = await served.ask('vitals', { collect: true });
  const clients: Stallable[] = [];
  const join = async (client: number, stalls: boolean): Promise<EventLog> => {
    const log = new EventLog();
    const path = `/?client=${client}${stalls ? '&stalls' : ''}`;
    const coming = { ports, path, stalls, take: (seq: number) => log.take(seq) };
    const one = await connect(coming);
    context.defer(() => one.leave());
    await one.opened;
    clients.push(one);
    return log;
  };
  const joinAll = (from: number, count: number, stalls: boolean): Promise<EventLog[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => join(from + index, stalls)));
  const publish = async (logs: readonly EventLog[]): Promise<number> => {
    const { seq } = await served.ask('publish', { count: events, bytes: eventBytes, perTurn: 16 });
    await until(() => logs.every(({ last }) => last === seq - 1), 5_000);
    return seq;
  };

  // What the same load costs without the others is not theirs.
  const healthyLogs = await joinAll(0, healthy, false);
  await publish(healthyLogs);
  const calm = await served.ask('vitals', { collect: true });

  const stalledLogs = await joinAll(healthy, stalled, true);
  const stalling = clients.slice(healthy);
  for (const one of stalling) one.pause();
  const seq = await publish(healthyLogs);
  await until(async () => (await reports(served, healthy)).every(({ goneAt }) => goneAt !== undefined), 2_000);
  const { peakRss } = await served.ask('vitals', { collect: false });
  const after = await rssAfter(served, calm);
  for (const one of stalling) one.resume();
  await Promise.race([Promise.all(stalling.map(({ closed }) => closed)), until(() => false, 5_000)]);

  const seen = await reports(served, healthy);
  const isAll = (log: EventLog): boolean => log.faults(0, seq - 1) === 0;
  const figures = {
    'healthy with all': percent(healthyLogs.filter(isAll).length, healthy),
    'holes, repeats': sum(healthyLogs.map(faults)) + sum(stalledLogs.map(faults)),
    'overflow reported': percent(
      seen.filter(({ reason, code }) => reason === 'overflow' && code === 'ERR_OVERFLOW').length,
      stalled,
    ),
    'reported after': longest(seen, ({ closedAt }) => closedAt),
    'gone after': longest(seen, ({ goneAt }) => goneAt),
    'given after close': sum(seen.map(({ givenAfterClose }) => givenAfterClose)),
    'most pending': Math.max(...seen.map(({ peakPending }) => peakPending)),
    'least pending': Math.min(...seen.map(({ peakPending }) => peakPending)),
    RSS: megabytes(peakRss - calm.rss),
    'RSS after': after,
  };
  for (const one of clients) one.leave();
  return { ...figures, ...(await afterwards(context, served, before)) };
}

async function reports(served: Served<StreamOrders>, from: number): Promise<readonly ClientReport[]> {
  return (await served.ask('clients')).filter(({ client }) => client >= from);
}

const faults = ({ holes, repeats }: EventLog): number => holes + repeats;
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const percent = (count: number, of: number): number => (count / of) * 100;

/** From when a client was at its limit, in ms. `NaN` when it never was, or what is to come did not. */
function longest(seen: readonly ClientReport[], at: (report: ClientReport) => number | undefined): number {
  const times = seen.map((report) => ((at(report) ?? Number.NaN) - (report.limitAt ?? Number.NaN)) / 1000);
  return Math.max(...times);
}
