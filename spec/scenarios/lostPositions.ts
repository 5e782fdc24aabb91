import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '../support/RedisServer.ts';
import type { Context, Scenario } from './Scenario.ts';
import type { LogOrders, LogSettings } from './server/logs.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { EventLog } from './support/EventLog.ts';
import { inLanes } from './support/inLanes.ts';
import { inRedis } from './support/inRedis.ts';
import { ReturningClient } from './support/ReturningClient.ts';
import type { Served } from './support/Served.ts';
import { type LogKind, logKinds, logNames } from './support/serveLogs.ts';
import { until } from './support/until.ts';

const published = 600;
const bytes = 64;
/** So many that one who is there gets each of them. */
const perSecond = 1_000;
/** How many events are published when the client has come back. */
const more = 20;

/** Why a client's position is of no use any more. */
interface Loss {
  readonly name: string;
  readonly settings?: Partial<LogSettings>;
  /** The number of the event that it has seen last, or what it says that it has. */
  readonly from: number | string;
  /** What happens to the stream. */
  readonly damage?: (redis: RedisServer, key: string) => Promise<unknown>;
  /** How many ms later it comes. */
  readonly after?: number;
  /** How many are published then, before it comes. */
  readonly newer?: number;
  /** The number of the first event that memory still has by then; Redis, which lets go of whole blocks, is asked. */
  readonly retains?: number;
  /** It stands where those who are connected do, who have yet to be told: it goes on as they do, with what comes next. */
  readonly isAtEnd?: boolean;
  readonly reasons: readonly string[];
  /** Whether a client that is there all the time is to be told as well. */
  readonly everybody?: boolean;
}

const losses: readonly Loss[] = [
  { name: 'trimmed', settings: { size: 100 }, from: 5, retains: published - 99, reasons: ['trimmed'] },
  {
    name: 'expired',
    settings: { ttl: 1_000 },
    from: 5,
    after: 1_500,
    newer: 1,
    retains: published + 1,
    reasons: ['expired'],
  },
  { name: 'of another log', from: 'another', reasons: ['unknown-epoch'] },
  { name: 'a wildcard', from: '$', reasons: ['malformed'] },
  { name: 'a minimum', from: '-', reasons: ['malformed'] },
  { name: 'an id of Redis', from: '1526919030474-55', reasons: ['malformed'] },
  { name: 'of 15 KB', from: 'a'.repeat(15_000), reasons: ['malformed'] },
  { name: 'not ASCII', from: 'é€', reasons: ['malformed'] },
];

const lossesOfRedis: readonly Loss[] = [
  {
    ...{ name: 'trimmed by another program', from: 5, reasons: ['trimmed'] },
    damage: (redis, key) => redis.cli('XTRIM', key, 'MAXLEN', '100'),
  },
  {
    ...{ name: 'deleted', from: 5, reasons: ['unknown-epoch'], everybody: true },
    damage: (redis, key) => redis.cli('DEL', key),
  },
  {
    ...{ name: 'emptied', from: 5, reasons: ['trimmed', 'unknown-epoch'] },
    damage: (redis, key) => redis.cli('XTRIM', key, 'MAXLEN', '0'),
  },
  {
    ...{ name: 'replaced', from: 5, reasons: ['unknown-epoch'], everybody: true },
    damage: (redis, key) => redis.cli('COPY', 'another', key, 'REPLACE'),
  },
  {
    // What a fail-over does, or a backup.
    ...{ name: 'set back', from: published, isAtEnd: true, everybody: true },
    reasons: ['malformed', 'trimmed', 'unknown-epoch'],
    async damage(redis, key) {
      const last = (await redis.cli('XREVRANGE', key, '+', '-', 'COUNT', '10')).match(/^\d+-\d+$/gm) ?? [];
      for (const id of last) await redis.cli('XDEL', key, id);
      const before = await redis.cli('XREVRANGE', key, '+', '-', 'COUNT', '1');
      await redis.cli('COPY', key, `${key}:copy`);
      await redis.cli('XSETID', `${key}:copy`, /^\d+-\d+$/m.exec(before)?.[0] ?? '');
      await redis.cli('COPY', `${key}:copy`, key, 'REPLACE');
    },
  },
];

type Figure =
  | 'positions'
  | 'first frame is the gap'
  | 'reason as it is'
  | 'goes on as asked'
  | 'holes, repeats after it'
  | 'connected ones not told';

export const lostPositions: readonly Scenario[] = logKinds.map(lostPositionsOf);

function lostPositionsOf(store: LogKind): Scenario<Figure | AfterwardsFigure> {
  const all = (store === 'queue' ? losses : [...losses, ...lossesOfRedis]).flatMap((loss) =>
    (['live', 'earliest'] as const).map((otherwise) => ({ ...loss, settings: { ...loss.settings, otherwise } })),
  );
  return {
    id: 'R19',
    title: `${logNames[store]}: trimmed, expired, unknown positions`,
    criteria: {
      positions: { exactly: all.length },
      'first frame is the gap': { exactly: all.length },
      'reason as it is': { exactly: all.length },
      'goes on as asked': { exactly: all.length },
      'holes, repeats after it': { exactly: 0 },
      'connected ones not told': { exactly: 0 },
      ...afterwardsCriteria,
    },

    async run(context) {
      const served = await context.serve<LogOrders>('logs');
      const before = await served.ask('vitals', { collect: true });
      const redis = await RedisServer.start();
      context.defer(() => redis.dispose());
      const port = await served.ask('open', { redis: { kind: 'server', port: redis.port } });
      await served.ask('add', { name: 'another', store });
      const another = await positionOf(context, port, '/another');
      const results: Result[] = [];
      await inLanes(all.length, 4, async (index) => {
        const { settings, from, ...loss } = all[index] as (typeof all)[number];
        const log = { name: `log-${index}`, store, size: 10_000, ...settings };
        const position = from === 'another' ? another : from;
        results.push(await comeBack(context, served, redis, port, log, { ...loss, from: position }));
      });
      for (const { name, text, fine } of results) if (!fine) context.note(`${name}: ${text}`);
      const count = (of: (result: Result) => boolean): number => results.filter(of).length;
      await served.ask('close');
      const figures = {
        positions: results.length,
        'first frame is the gap': count(({ first }) => first === 'gap'),
        'reason as it is': count(({ isRight }) => isRight),
        'goes on as asked': count(({ goesOn }) => goesOn),
        'holes, repeats after it': results.reduce((sum, { faults }) => sum + faults, 0),
        'connected ones not told': count(({ untold }) => untold),
      };
      return { ...figures, ...(await afterwards(context, served, before)) };
    },
  };
}

interface Result {
  readonly name: string;
  readonly text: string;
  readonly fine: boolean;
  readonly first: string | undefined;
  readonly isRight: boolean;
  readonly goesOn: boolean;
  readonly faults: number;
  readonly untold: boolean;
}

/** A client, and the id of each event that it got. */
class Visit {
  readonly log = new EventLog();
  readonly ids: Map<number, string | undefined> = new Map<number, string | undefined>();
  readonly client: ReturningClient<EventLog>;

  constructor(context: Context, port: number, path: string, id?: string) {
    const took = (seq: number, _time: number, at: string | undefined): unknown => this.ids.set(seq, at);
    this.client = new ReturningClient({ port, path, id, log: this.log, took });
    context.defer(() => this.client.cut());
  }
}

async function comeBack(
  context: Context,
  served: Served<LogOrders>,
  redis: RedisServer,
  port: number,
  settings: LogSettings,
  { name, from, damage, after = 0, newer = 0, retains = 1, isAtEnd = false, reasons, everybody = false }: Loss,
): Promise<Result> {
  await served.ask('add', settings);
  const log = settings.name;
  const staying = new Visit(context, port, `/${log}`);
  await staying.client.open();
  await until(() => staying.client.id !== undefined, 2_000);
  await served.ask('publish', { log, from: 1, count: published, bytes, perSecond });
  await until(() => staying.log.last === published, 5_000);
  await damage?.(redis, log);
  await sleep(after);
  const before = published + newer;
  await served.ask('publish', { log, from: published + 1, count: newer, bytes });
  const earliest = settings.store === 'queue' ? retains : ((await inRedis(redis, log))[0] ?? before + 1);
  const id = typeof from === 'number' ? staying.ids.get(from) : from;
  const back = new Visit(context, port, `/${log}`, id);
  await back.client.open();
  await until(() => back.client.first !== undefined, 2_000);
  await served.ask('publish', { log, from: before + 1, count: more, bytes });
  const last = before + more;
  await until(() => back.log.last === last && staying.log.last === last, 2_000);
  back.client.cut();
  staying.client.cut();

  const first = back.client.first;
  // A connected one is told when the next event comes, and this one is connected by then.
  const isRight = back.log.notices.length > 0 && back.log.notices.every((reason) => reasons.includes(reason));
  const isWhole = back.log.last === last && back.log.count === last - (back.log.first ?? 0) + 1;
  const begins = back.log.first ?? Number.NaN;
  // What is retained of a log that has nothing left begins with the next.
  const goesOn = isWhole && begins === (settings.otherwise === 'live' || isAtEnd ? before + 1 : earliest);
  const faults = back.log.holes + back.log.repeats + staying.log.holes + staying.log.repeats;
  const untold = everybody ? staying.log.notices.length === 0 : staying.log.last !== last;
  const fine = first === 'gap' && isRight && goesOn && faults === 0 && !untold;
  const told = `first ${first}, ${back.log.notices.join() || 'no reason'}, from ${begins} (retained from ${earliest}) to ${back.log.last}`;
  const text = `${settings.otherwise}: ${told}; connected: ${staying.log.notices.join() || 'no reason'}, to ${staying.log.last}, ${faults} faults`;
  return { name, text, fine, first, isRight, goesOn, faults, untold };
}

async function positionOf(context: Context, port: number, path: string): Promise<string> {
  const { client } = new Visit(context, port, path);
  await client.open();
  await until(() => client.id !== undefined, 2_000);
  client.cut();
  return client.id ?? '';
}
