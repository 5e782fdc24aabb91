import type { Criterion } from '../Scenario.ts';
import type { Attacked } from './Attacked.ts';
import { until } from './until.ts';
import { Visitor } from './Visitor.ts';

/** What nobody can read. */
const unreadable = ['{"__proto__":{"polluted":1}}', '{"a":', '[{"\\u005f_proto__":{"polluted":1}}]', '', '\u001b[31m'];
const logs = ['stream', 'channel'] as const;

/** The figures of this attack. */
export type PayloadFigure = 'bad messages reported' | 'good ones behind them' | 'added to Object.prototype';

/** What has to hold. */
export const payloadCriteria: Readonly<Record<PayloadFigure, Criterion>> = {
  'bad messages reported': { atLeast: logs.length * unreadable.length },
  'good ones behind them': { exactly: logs.length * unreadable.length },
  'added to Object.prototype': { exactly: 0 },
};

/** Has another program publish to Redis what nobody can read, with what can be read behind each. */
export async function attackWithPayloads({
  context,
  served,
  redis,
  ports,
}: Attacked): Promise<Record<PayloadFigure, number>> {
  const visitors = logs.map((log) => new Visitor(context, ports, { log }));
  await Promise.all(visitors.map(({ client }) => client.opened));
  await until(async () => (await redis.cli('PUBSUB', 'NUMSUB', 'channel')).endsWith('1'), 3_000);
  const good = unreadable.map((_, n) => `good ${n}`);
  for (const [n, payload] of unreadable.entries()) {
    for (const each of [payload, JSON.stringify(good[n])]) {
      await redis.cli('PUBLISH', 'channel', each);
      await redis.cli('XADD', 'stream', '*', 'data', each);
    }
  }
  const read = (): number => visitors.flatMap(({ texts }) => texts.filter((text) => good.includes(text))).length;
  await until(() => read() === logs.length * good.length, 3_000);
  const { faults, polluted } = await served.ask('gate');
  for (const { client } of visitors) client.reset();
  return {
    'bad messages reported': faults.ERR_UNREADABLE ?? 0,
    'good ones behind them': read(),
    'added to Object.prototype': polluted.length,
  };
}
