import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, Scenario } from './Scenario.ts';
import type { LogOrders, LogSettings } from './server/logs.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { DeliveryLog } from './support/DeliveryLog.ts';
import { ReturningClient } from './support/ReturningClient.ts';
import type { Served } from './support/Served.ts';
import { type LogKind, logKinds, logNames, serveLogs } from './support/serveLogs.ts';
import { until } from './support/until.ts';

/** What a client comes back with, and what it is to get. */
interface Recovery {
  readonly name: string;
  readonly published: number;
  readonly settings?: Partial<LogSettings>;
  /** The number of the event that it has seen last, 0 for the position before the first one, or a position made from that. */
  readonly from: number | ((beginning: string) => string) | undefined;
  /** How many ms later it comes. */
  readonly after?: number;
  /** How many more are published then, before it comes. */
  readonly newer?: number;
  /** How many events it gets, before what is published when it has come. */
  readonly events: number;
  readonly notice?: string;
  /** The store that this is for, where they differ. */
  readonly only?: LogKind;
}

/** The rows of Centrifuge's own test of its recovery, and those that its design does not have. */
const table: readonly Recovery[] = [
  { name: 'an empty log', published: 0, from: 0, events: 0 },
  { name: 'from a position', published: 10, from: 8, events: 2 },
  { name: 'limited', published: 10, settings: { size: 2 }, from: 5, events: 0, notice: 'trimmed' },
  {
    ...{ name: 'limited, and then what is retained', published: 10, from: 5 },
    ...{ settings: { size: 2, otherwise: 'earliest' }, events: 2, notice: 'trimmed' },
  },
  { name: 'at the limit', published: 10, settings: { size: 2 }, from: 8, events: 2 },
  { name: 'already gone', published: 20, settings: { size: 10 }, from: 8, events: 0, notice: 'trimmed' },
  { name: 'not yet existing', published: 20, from: future, events: 0, notice: 'malformed', only: 'queue' },
  // A Redis that has lost its last entries in a fail-over looks the same.
  { name: 'not yet existing', published: 20, from: future, events: 0, notice: 'unknown-epoch', only: 'stream' },
  { name: 'the same position', published: 7, from: 7, events: 0 },
  { name: 'before the first event', published: 4, from: 0, events: 4 },
  { name: 'no position', published: 4, from: undefined, events: 0 },
  {
    ...{ name: 'no position, and what is retained', published: 4, from: undefined },
    ...{ settings: { otherwise: 'earliest' }, events: 4 },
  },
  {
    ...{ name: 'expired', published: 10, settings: { ttl: 500 }, from: 8, after: 1_000, newer: 1 },
    ...{ events: 0, notice: 'expired' },
  },
  {
    ...{ name: 'expired, with nothing newer', published: 10, settings: { ttl: 500 }, from: 8, after: 1_000 },
    ...{ events: 0, notice: 'expired', only: 'queue' },
  },
  {
    // Redis lets them go when a newer one comes.
    ...{ name: 'expired, with nothing newer', published: 10, settings: { ttl: 500 }, from: 8, after: 1_000 },
    ...{ events: 2, only: 'stream' },
  },
  { name: 'the same position, expired', published: 1, settings: { ttl: 500 }, from: 1, after: 1_000, events: 0 },
  { name: 'of another log', published: 10, from: foreign, events: 0, notice: 'unknown-epoch' },
  { name: 'malformed', published: 10, from: () => '(1-0', events: 0, notice: 'malformed' },
];

/** What nobody was given: a place of the same log, but far ahead. */
function future(beginning: string): string {
  return beginning.includes('.') ? beginning.replace(/\..*/, '.zzzz') : `${beginning.slice(0, 4)}zzzzzzz`;
}

/** As a log that was emptied and begun again would have given out. */
function foreign(beginning: string): string {
  return (beginning.startsWith('aa') ? 'bb' : 'aa') + beginning.slice(2);
}

type Figure = 'rows' | 'right' | 'wrong';

export const recoveryTables: readonly Scenario[] = logKinds.map(recoveryTable);

function recoveryTable(store: LogKind): Scenario<Figure | AfterwardsFigure> {
  const rows = table.filter(({ only = store }) => only === store);
  return {
    id: 'R17',
    title: `${logNames[store]}: what a client gets that comes back`,
    criteria: {
      rows: { exactly: rows.length },
      right: { exactly: rows.length },
      wrong: { exactly: 0 },
      ...afterwardsCriteria,
    },

    async run(context) {
      // With one entry in each of its nodes, Redis trims exactly where it is asked to trim about there.
      const { served, before, port } = await serveLogs(context, store, '--stream-node-max-entries', '1');
      const outcomes = await Promise.all(
        rows.map((row, index) => recover(context, served, port, { name: `log-${index}`, store, ...row.settings }, row)),
      );
      const wrong = outcomes.filter((text) => text !== undefined);
      for (const text of wrong) context.note(text);
      await served.ask('close');
      const figures = { rows: outcomes.length, right: outcomes.length - wrong.length, wrong: wrong.length };
      return { ...figures, ...(await afterwards(context, served, before)) };
    },
  };
}

/** @returns what is wrong */
async function recover(
  context: Context,
  served: Served<LogOrders>,
  port: number,
  settings: LogSettings,
  { name, published, from, after = 0, newer = 0, events, notice }: Recovery,
): Promise<string | undefined> {
  await served.ask('add', settings);
  const log = settings.name;
  const path = `/${log}`;
  const ids = new Map<number, string | undefined>();
  const first = new ReturningClient({ port, path, log: new DeliveryLog(), took: (seq, _time, id) => ids.set(seq, id) });
  context.defer(() => first.cut());
  await first.open();
  await until(() => first.id !== undefined, 2_000);
  const beginning = first.id ?? '';
  ids.set(0, beginning);
  // One after the other, so that it is not overtaken where next to nothing is retained.
  for (let seq = 1; seq <= published; seq += 1) {
    await served.ask('publish', { log, from: seq, count: 1, bytes: 64 });
    await until(() => first.log.count === seq, 2_000);
  }
  first.cut();
  // A store of Redis gives what came last from its memory, as long as somebody follows and a second more.
  await sleep(Math.max(after, settings.store === 'stream' ? 1_300 : 0));
  await served.ask('publish', { log, from: published + 1, count: newer, bytes: 64 });

  const id = from === undefined ? undefined : typeof from === 'number' ? ids.get(from) : from(beginning);
  const second = new ReturningClient({ port, path, id, log: new DeliveryLog() });
  context.defer(() => second.cut());
  await second.open();
  await until(() => second.id !== undefined && second.log.count + second.log.notices.length > 0, 300);
  const marker = published + newer + 1;
  await served.ask('publish', { log, from: marker, count: 1, bytes: 64 });
  await until(() => second.log.has(marker), 2_000);
  second.cut();
  const got = second.log;
  const expected = Array.from({ length: events }, (_, n) => published - events + 1 + n);
  const { lost, duplicated, reordered } = got.verdict([...expected, marker], [...expected, marker]);
  const reasons = got.notices.join();
  const told = reasons === (notice ?? '') && (notice === undefined || second.first === 'gap');
  if (told && got.count === events + 1 && lost + duplicated + reordered === 0) return undefined;
  return `${name}: ${got.count - 1} events (${events}), notice ${reasons || 'none'} (${notice ?? 'none'}), first ${second.first}`;
}
