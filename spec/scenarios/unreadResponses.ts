import type { Scenario } from './Scenario.ts';
import type { WebResponseOrders } from './server/webResponses.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria, megabytes } from './support/afterwards.ts';
import { rssAfter } from './support/rssAfter.ts';
import { grownUp } from './support/Served.ts';

const limit = 1024 * 1024;
const load = { count: 40_000, bytes: 1024, perTurn: 16 };
/** What is around an event on the wire, at most. */
const framing = 16;
const readers = 5;
const stalled = 20;

type Figure =
  | 'readers with all'
  | 'overflow reported'
  | 'told by an error'
  | 'reported after'
  | 'most pending'
  | 'least pending'
  | 'RSS'
  | 'RSS after'
  | 'unsubscribed after cancel';

export const unreadResponses: Scenario<Figure | AfterwardsFigure> = {
  id: 'R7',
  title: '20 unread web Responses, 5 read, 40 MB; cancel',
  criteria: {
    'readers with all': { exactly: 100, unit: '%' },
    'overflow reported': { exactly: 100, unit: '%' },
    'told by an error': { exactly: 100, unit: '%' },
    'reported after': { atMost: 1_000, unit: 'ms' },
    'most pending': { atMost: limit + load.bytes + framing, unit: 'bytes' },
    // Or one was cut off that was still to be waited for.
    'least pending': { atLeast: 0.9 * limit, unit: 'bytes' },
    RSS: { atMost: 64, unit: 'MB more' },
    'RSS after': { atMost: 10, unit: '% more' },
    'unsubscribed after cancel': { atMost: 100, unit: 'ms' },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<WebResponseOrders>('webResponses', grownUp);
    await served.ask('open', { maxBytes: limit });
    const before = await served.ask('vitals', { collect: true });
    await served.ask('read', { count: readers });
    await served.ask('publish', load);
    const cancelled = await served.ask('cancel', { count: stalled });
    const calm = await served.ask('vitals', { collect: true });
    await served.ask('stall', { count: stalled });
    await served.ask('publish', load);
    const { peakRss } = await served.ask('vitals', { collect: false });
    const complete = await served.ask('complete');
    const reports = await served.ask('stalled');
    const broken = await served.ask('broken');
    const after = await rssAfter(served, calm);
    const figures = {
      'readers with all': (complete / readers) * 100,
      'overflow reported': (reports.filter(({ code }) => code === 'ERR_OVERFLOW').length / stalled) * 100,
      'told by an error': (broken / stalled) * 100,
      'reported after': Math.max(
        ...reports.map(({ closedAt, limitAt }) => ((closedAt ?? Number.NaN) - (limitAt ?? 0)) / 1000),
      ),
      'most pending': Math.max(...reports.map(({ peakPending }) => peakPending)),
      'least pending': Math.min(...reports.map(({ peakPending }) => peakPending)),
      RSS: megabytes(peakRss - calm.rss),
      'RSS after': after,
      'unsubscribed after cancel': cancelled,
    };
    await served.ask('leave');
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};
