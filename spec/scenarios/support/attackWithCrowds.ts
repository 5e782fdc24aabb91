import type { Criterion } from '../Scenario.ts';
import type { Attacked } from './Attacked.ts';
import { type Answer, answerOverHttp1, answerOverHttp2 } from './answers.ts';
import { EventStreamSession } from './EventStreamSession.ts';
import { inLanes } from './inLanes.ts';
import { until } from './until.ts';
import { Visitor } from './Visitor.ts';

/** How many may come. */
export const limits = { maxConnections: 60, maxPerKey: 5, maxPerSession: 20 } as const;
/** How many more do. */
const excess = 15;
const event = 10_000;

/** The figures of this attack. */
export type CrowdFigure = 'too many let in' | 'turned away with 429, 503, when' | 'inside, cut or silent';

/** What has to hold. */
export const crowdCriteria: Readonly<Record<CrowdFigure, Criterion>> = {
  'too many let in': { exactly: 0 },
  'turned away with 429, 503, when': { exactly: 3 * excess },
  'inside, cut or silent': { exactly: 0 },
};

/** Comes in crowds: for one key, over one HTTP/2 session, and in all. */
export async function attackWithCrowds(attacked: Attacked): Promise<Record<CrowdFigure, number>> {
  const { context, served, ports } = attacked;
  await until(async () => (await served.ask('gate')).size === 0, 3_000);
  const inside: Visitor[] = [];
  const enter = async (count: number, log: string): Promise<void> => {
    const some = Array.from({ length: count }, () => new Visitor(context, ports, { log }));
    inside.push(...some);
    await Promise.all(some.map(({ client }) => client.opened));
  };
  const session = new EventStreamSession(ports.http2);
  context.defer(() => session.end());
  let turnedAway = 0;
  const tryAll = (status: number, one: () => Promise<Answer>): Promise<void> =>
    inLanes(excess, 8, async () => {
      const answer = await one();
      if (answer.status === status && Number(answer.retryAfter) >= 1) turnedAway += 1;
    });

  await enter(limits.maxPerKey, 'memory?key=ann');
  await tryAll(429, () => answerOverHttp1(context, ports.http1, '/memory?key=ann'));
  for (let n = 0; n < limits.maxPerSession; n += 1) await session.open('/memory', () => {});
  await tryAll(429, () => answerOverHttp2(session, '/memory'));
  await enter(limits.maxConnections - limits.maxPerKey - limits.maxPerSession, 'memory');
  await tryAll(503, () => answerOverHttp1(context, ports.http1, '/memory'));

  const { size, keys } = await served.ask('gate');
  await served.ask('publish', { log: 'memory', from: event, count: 1, bytes: 64 });
  const isWell = ({ seqs, client }: Visitor): boolean => seqs.includes(event) && !client.socket.destroyed;
  await until(() => inside.every(isWell), 3_000);
  const lost = inside.filter((one) => !isWell(one)).length;
  for (const { client } of inside) client.reset();
  session.end();
  return {
    'too many let in': Math.abs(size - limits.maxConnections) + Math.abs((keys.ann ?? 0) - limits.maxPerKey),
    'turned away with 429, 503, when': turnedAway,
    'inside, cut or silent': lost,
  };
}
