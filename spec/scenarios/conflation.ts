import type { Scenario } from './Scenario.ts';
import type { StreamOrders } from './server/streams.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria, megabytes } from './support/afterwards.ts';
import { EventLog } from './support/EventLog.ts';
import { EventStreamClient } from './support/EventStreamClient.ts';
import { eventReader } from './support/eventReader.ts';
import { now, seqOf } from './support/marks.ts';
import { grownUp } from './support/Served.ts';
import { until } from './support/until.ts';

const updates = 10_000;
const bytes = 1_024;
const clients = 100;
const slowClients = 10;
/** 64 kbit/s. */
const slowness = 8_000;

type Figure =
  | 'repeats'
  | 'converged'
  | 'quick ones after'
  | 'slow ones after drain'
  | 'skipped by each slow one'
  | 'RSS';

export const conflation: Scenario<Figure | AfterwardsFigure> = {
  id: 'R2',
  title: 'DataStore: 10,000 updates, 10 of 100 at 64 kbit/s',
  criteria: {
    repeats: { exactly: 0 },
    converged: { exactly: 100, unit: '%' },
    'quick ones after': { atMost: 2_000, unit: 'ms' },
    'slow ones after drain': { atMost: 2_000, unit: 'ms' },
    // Or nothing was conflated, and nothing shown.
    'skipped by each slow one': { atLeast: 1 },
    RSS: { atMost: 32, unit: 'MB more' },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<StreamOrders>('streams', grownUp);
    const { http1: port } = await served.ask('open', { store: 'data' });
    const before = await served.ask('vitals', { collect: true });
    const logs: EventLog[] = [];
    const join = async (slow: boolean): Promise<EventStreamClient> => {
      const log = new EventLog();
      logs.push(log);
      const path = `/?client=${logs.length}`;
      const onBody = eventReader((data) => log.take(seqOf(data)));
      const client = new EventStreamClient({ port, path, onBody, ...(slow && { bytesPerSecond: slowness }) });
      context.defer(() => client.reset());
      await client.opened;
      return client;
    };
    const quick = await Promise.all(Array.from({ length: clients - slowClients }, () => join(false)));
    await served.ask('publish', { count: 1_000, bytes, perSecond: 1_000 });
    const slow = await Promise.all(Array.from({ length: slowClients }, () => join(true)));

    const calm = await served.ask('vitals', { collect: true });
    const { seq, at } = await served.ask('publish', { count: updates, bytes, perSecond: 1_000 });
    const final = (log: EventLog): boolean => log.last === seq - 1;
    const quickLogs = logs.slice(0, quick.length);
    const slowLogs = logs.slice(quick.length);
    await until(() => quickLogs.every(final), 5_000);
    const quickAfter = quickLogs.every(final) ? (now() - at) / 1000 : Number.POSITIVE_INFINITY;
    const { peakRss } = await served.ask('vitals', { collect: false });
    // What the system holds of theirs would take them minutes.
    for (const client of slow) client.resume();
    const slowAfter = await until(() => slowLogs.every(final), 10_000);

    const figures = {
      repeats: logs.reduce((sum, { repeats }) => sum + repeats, 0),
      converged: (logs.filter(final).length / clients) * 100,
      'quick ones after': quickAfter,
      'slow ones after drain': slowAfter,
      'skipped by each slow one': Math.min(...slowLogs.map(({ holes }) => holes)),
      RSS: megabytes(peakRss - calm.rss),
    };
    for (const client of [...quick, ...slow]) client.reset();
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};
