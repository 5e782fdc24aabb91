import type { RedisServer } from '../../support/RedisServer.ts';
import type { Context, Criterion } from '../Scenario.ts';
import type { Ports } from '../server/doors.ts';
import type { Attacked } from './Attacked.ts';
import { fitsHeader, hostileIds } from './hostileIds.ts';
import { until } from './until.ts';
import { Visitor } from './Visitor.ts';

const published = 500;
const bytes = 64;

/** The figures of this attack. */
export type PositionFigure =
  | 'hostile ids'
  | 'first frame is the gap'
  | 'replayed'
  | 'cut off from what is new'
  | 'errors of Redis';

/** What has to hold. */
export const positionCriteria: Readonly<Record<PositionFigure, Criterion>> = {
  // And one of the other log, for each of the two.
  'hostile ids': { exactly: hostileIds.length + 2 },
  'first frame is the gap': { exactly: 100, unit: '%' },
  replayed: { exactly: 0 },
  'cut off from what is new': { exactly: 0 },
  'errors of Redis': { exactly: 0 },
};

/** Comes back with positions that nobody was given, to both logs, in the header and in the URL. */
export async function attackWithPositions({
  context,
  served,
  redis,
  ports,
}: Attacked): Promise<Record<PositionFigure, number>> {
  const logs = ['memory', 'stream'] as const;
  for (const log of logs) await served.ask('publish', { log, from: 1, count: published, bytes, perSecond: 2_000 });
  // An id of the other log is none of this one.
  const ids = {
    memory: [...hostileIds, await idOf(context, ports, 'stream')],
    stream: [...hostileIds, await idOf(context, ports, 'memory')],
  };
  // The client of Redis has asked by now what its server is.
  const refusedBefore = await errorsOf(redis);
  const tries = logs.flatMap((log) =>
    ids[log].flatMap((id) => [{ log, id, inUrl: true }, ...(fitsHeader(id) ? [{ log, id, inUrl: false }] : [])]),
  );
  const visitors: Visitor[] = [];
  let next = published + 1;
  for (let at = 0; at < tries.length; at += 40) {
    const some = tries.slice(at, at + 40).map((each) => new Visitor(context, ports, each));
    visitors.push(...some);
    await Promise.all(some.map(({ client }) => client.opened));
    await until(() => some.every(({ first }) => first !== undefined), 3_000);
    for (const log of logs) await served.ask('publish', { log, from: next, count: 1, bytes });
    await until(() => some.every(({ seqs }) => seqs.includes(next)), 3_000);
    for (const one of some) {
      one.missedNext = !one.seqs.includes(next);
      one.client.reset();
    }
    next += 1;
  }
  const isGap = ({ first, reason }: Visitor): boolean =>
    first === 'gap' && ['malformed', 'unknown-epoch'].includes(reason ?? '');
  for (const one of visitors.filter((each) => !isGap(each)))
    context.note(`${JSON.stringify(one.id.slice(0, 40))} on ${one.log}: ${one.first} ${one.reason}`);
  const { faults } = await served.ask('gate');
  return {
    'hostile ids': new Set(visitors.filter(({ first }) => first !== undefined).map(({ id }) => id)).size,
    'first frame is the gap': (visitors.filter(isGap).length / visitors.length) * 100,
    replayed: visitors.reduce((sum, { seqs }) => sum + seqs.filter((seq) => seq <= published).length, 0),
    'cut off from what is new': visitors.filter(({ missedNext }) => missedNext).length,
    'errors of Redis': (await errorsOf(redis)) - refusedBefore + Object.keys(faults).length,
  };
}

/** How often Redis has answered with an error. */
async function errorsOf(redis: RedisServer): Promise<number> {
  return Number(/total_error_replies:(\d+)/.exec(await redis.cli('INFO', 'stats'))?.[1]);
}

async function idOf(context: Context, ports: Ports, log: string): Promise<string> {
  const visitor = new Visitor(context, ports, { log });
  await until(() => visitor.at !== undefined, 3_000);
  visitor.client.reset();
  return visitor.at ?? '';
}
