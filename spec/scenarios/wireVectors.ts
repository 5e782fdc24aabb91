import { parseEventStream } from '../wire/parseEventStream.ts';
import { expectedEvents, refusedFields, vectors, type WireEvent } from '../wire/vectors.ts';
import type { Scenario } from './Scenario.ts';
import type { WireOrders } from './server/wire.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { get, type ParserName, parsers, type Reading, textOf } from './support/parsers.ts';
import { until } from './support/until.ts';

const lastEventId = expectedEvents.at(-1)?.lastEventId ?? '';
const expected: readonly WireEvent[] = [...expectedEvents, { type: 'end', data: '', lastEventId }];
/** How many values cannot be sent. */
const unsendable = vectors.length - expectedEvents.length;
/** The shortest that a message may ask for, in ms. */
const leastRetry = 100;

type Figure =
  | 'values'
  | `equal in ${ParserName}`
  | 'forged'
  | 'refused as messages'
  | 'refused as values'
  | 'comments'
  | 'retries'
  | 'least retry';

const names = Object.keys(parsers) as ParserName[];
const each = <Value>(value: Value): Readonly<Record<`equal in ${ParserName}`, Value>> =>
  Object.fromEntries(names.map((name) => [`equal in ${name}`, value])) as Record<`equal in ${ParserName}`, Value>;

export const wireVectors: Scenario<Figure | AfterwardsFigure> = {
  id: 'R13',
  title: 'All that parsers trip over, in four parsers and Chromium',
  criteria: {
    values: { exactly: vectors.length },
    ...each({ exactly: expectedEvents.length }),
    forged: { exactly: 0 },
    'refused as messages': { exactly: refusedFields.length },
    'refused as values': { exactly: unsendable },
    comments: { atLeast: 5 },
    retries: { exactly: 3 },
    'least retry': { atLeast: leastRetry, unit: 'ms' },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<WireOrders>('wire');
    const ports = await served.ask('open');
    const before = await served.ask('vitals', { collect: true });
    const url = `http://127.0.0.1:${ports.http1}/stream`;
    const readings = new Map<ParserName, Reading>();
    for (const name of names) readings.set(name, await parsers[name](context, { url, http2: ports.http2 }));
    const raw = textOf(await get(url));
    await until(async () => (await served.ask('observers')) === names.length + 1, 5_000);
    const { published, unmade, unsent } = await served.ask('publish');
    const equal: Record<string, number> = {};
    let forged = 0;
    for (const [name, { events }] of readings) {
      const seen = await events;
      equal[`equal in ${name}`] = expectedEvents.filter((event, index) => isSame(seen[index], event)).length;
      const others = seen.filter((event) => !expected.some((one) => isSame(event, one)));
      forged += others.length + Math.max(0, seen.length - expected.length);
      for (const { type, data } of others.slice(0, 3)) context.note(`${name}: ${type} ${data.slice(0, 50)}`);
    }
    const text = await raw;
    const { retries } = parseEventStream(text);
    const figures = {
      values: published,
      ...each(0),
      ...equal,
      forged,
      'refused as messages': unmade,
      'refused as values': unsent,
      comments: text.match(/^:/gm)?.length ?? 0,
      retries: retries.length,
      'least retry': Math.min(...retries),
    };
    for (const reading of readings.values()) await reading.leave();
    await until(async () => (await served.ask('connections')) === 0, 8_000);
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};

function isSame(one: WireEvent | undefined, other: WireEvent): boolean {
  return one?.type === other.type && one?.data === other.data && one?.lastEventId === other.lastEventId;
}
