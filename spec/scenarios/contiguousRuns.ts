import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from './Scenario.ts';
import type { StreamOrders } from './server/streams.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { EventLog } from './support/EventLog.ts';
import { EventStreamClient } from './support/EventStreamClient.ts';
import { eventReader } from './support/eventReader.ts';
import { seqOf } from './support/marks.ts';
import { random } from './support/random.ts';
import { signal } from './support/signal.ts';
import { until } from './support/until.ts';
import { WebSocketClient } from './support/WebSocketClient.ts';

const events = 10_000;
const clients = 300;
/** How many events a client stays for at most: enough that about half of them are there at a time. */
const longest = 2_000;
const longestPause = 1_000;

type Figure = 'stays' | 'not from their join on' | 'holes, repeats' | 'not to the end' | 'dropped';

/** One stay of one client. */
interface Stay {
  readonly log: EventLog;
  /** Whether it was to stay for all that was still to come. */
  readonly toTheEnd: boolean;
}

export const contiguousRuns: Scenario<Figure | AfterwardsFigure> = {
  id: 'R3',
  title: 'QueueStore: 10,000 events, 300 clients come and go',
  criteria: {
    stays: { atLeast: clients },
    'not from their join on': { exactly: 0 },
    'holes, repeats': { exactly: 0 },
    'not to the end': { exactly: 0 },
    dropped: { exactly: 0 },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<StreamOrders>('streams');
    const { http1: port } = await served.ask('open', { store: 'queue' });
    const before = await served.ask('vitals', { collect: true });
    const draw = random(context.seed);
    const stays: Stay[] = [];
    let published: number | undefined;

    /** Joins, and leaves when it has got as many events as it was to stay for, or the last one. */
    const stay = async (overWebSocket: boolean): Promise<void> => {
      const log = new EventLog();
      const count = Math.ceil(draw() * longest);
      const path = `/?client=${stays.length}`;
      const isOver = (): boolean => log.count >= count || (published !== undefined && log.last === published - 1);
      const over = signal();
      const take = (data: string): void => {
        // What came with the last one is not of this stay.
        if (log.count < count) log.take(seqOf(data));
        if (isOver()) over.give();
      };
      stays.push({
        log,
        get toTheEnd() {
          return log.count < count;
        },
      });
      const client = overWebSocket
        ? new WebSocketClient({ port, path, onData: take })
        : new EventStreamClient({ port, path, onBody: eventReader(take) });
      const leave = (): void => ('terminate' in client ? client.terminate() : client.reset());
      context.defer(leave);
      await client.opened;
      await Promise.race([over.given, allPublished.then(() => until(isOver, 5_000))]);
      leave();
    };

    const publishing = served.ask('publish', { count: events, bytes: 256, perSecond: 800 });
    const allPublished = publishing.then(({ seq }) => {
      published = seq;
    });
    const visitor = async (client: number): Promise<void> => {
      while (published === undefined) {
        await sleep(draw() * longestPause);
        if (published === undefined) await stay(client % 2 === 0);
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, client) => visitor(client)));

    const reports = new Map((await served.ask('clients')).map((report) => [report.client, report]));
    await served.ask('forget');
    const figures = {
      stays: stays.length,
      'not from their join on': stays.filter(
        ({ log }, index) => log.first !== undefined && log.first !== reports.get(index)?.joinedAt,
      ).length,
      'holes, repeats': stays.reduce((sum, { log }) => sum + log.holes + log.repeats, 0),
      // Those that came after the last event have got none, as they should.
      'not to the end': stays.filter(
        ({ log, toTheEnd }, index) =>
          toTheEnd && log.last !== (published ?? 0) - 1 && reports.get(index)?.joinedAt !== published,
      ).length,
      dropped: Array.from(reports.values()).reduce((sum, { dropped }) => sum + dropped, 0),
    };
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};
