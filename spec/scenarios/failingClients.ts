import type { Context, Scenario } from './Scenario.ts';
import type { Ports } from './server/doors.ts';
import type { Ending, FailureOrders, Fault, Told } from './server/failures.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { answerOverHttp1 } from './support/answers.ts';
import { Listener } from './support/Listener.ts';
import { leaveAll } from './support/leaveAll.ts';
import type { Served } from './support/Served.ts';
import { until } from './support/until.ts';

const others = 99;
const events = 20;
const faults: readonly Fault[] = ['mapper', 'strategy', 'key', 'transport', 'teardown'];

type Figure =
  | 'faults'
  | 'others with all'
  | 'told once'
  | 'newcomers after it'
  | 'told the end'
  | 'told the error'
  | 'closes told'
  | 'answers of one that has ended'
  | 'left when a part ended';

export const failingClients: Scenario<Figure | AfterwardsFigure> = {
  id: 'R15',
  title: 'What one of 100 clients throws; sources that end',
  criteria: {
    faults: { exactly: faults.length },
    'others with all': { exactly: 100, unit: '%' },
    'told once': { exactly: faults.length },
    'newcomers after it': { exactly: faults.length },
    'told the end': { exactly: others },
    'told the error': { exactly: others },
    'closes told': { exactly: 2 * others },
    'answers of one that has ended': { exactly: 2 },
    'left when a part ended': { exactly: 0 },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<FailureOrders>('failures');
    const ports = await served.ask('open');
    const before = await served.ask('vitals', { collect: true });
    const seen = { thrown: 0, whole: 0, toldOnce: 0, newcomers: 0 };
    for (const fault of faults) {
      const { whole, told, newcomer } = await failOne(context, served, ports, fault);
      seen.thrown += told.thrown;
      seen.whole += whole;
      // Of the teardown nobody is left who watches the connection.
      const expected: Told =
        fault === 'teardown'
          ? { thrown: 1, closes: 1, asThrown: 0, reports: 1 }
          : { thrown: 1, closes: 1, asThrown: 1, reports: 0 };
      if (JSON.stringify(told) === JSON.stringify(expected)) seen.toldOnce += 1;
      else context.note(`${fault}: ${JSON.stringify(told)}`);
      if (newcomer) seen.newcomers += 1;
    }
    const part = await end(context, served, ports, 'a part completes');
    const complete = await end(context, served, ports, 'complete');
    const error = await end(context, served, ports, 'error');
    const figures = {
      faults: seen.thrown,
      'others with all': (seen.whole / (others * faults.length)) * 100,
      'told once': seen.toldOnce,
      'newcomers after it': seen.newcomers,
      'told the end': complete.complete,
      'told the error': error.broken,
      'closes told': complete.told.closes + error.told.asThrown,
      'answers of one that has ended': (complete.answer === 204 ? 1 : 0) + (error.answer === 500 ? 1 : 0),
      'left when a part ended': part.told.closes + part.complete + part.broken,
    };
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};

const numbers = (from: number, count: number): string => Array.from({ length: count }, (_, n) => from + n).join();

/** Publishes to all while something of one of them throws. */
async function failOne(
  context: Context,
  served: Served<FailureOrders>,
  ports: Ports,
  fault: Fault,
): Promise<{ readonly whole: number; readonly told: Told; readonly newcomer: boolean }> {
  await served.ask('make', { fault });
  // Ahead of half of them: those behind it are the ones at risk.
  const clients = await Listener.joinAll(context, ports, 50);
  const failing = fault === 'transport' ? undefined : await Listener.join(context, ports, 'http1', '/fault');
  clients.push(...(await Listener.joinAll(context, ports, others - 50)));
  await served.ask('publish', { from: 0, count: events / 2 });
  if (fault === 'teardown') failing?.leave();
  await until(async () => (await served.ask('told')).closes > 0, 2_000);
  await served.ask('publish', { from: events / 2, count: events / 2 });
  await until(() => clients.every(({ data }) => data.length >= events), 5_000);
  const told = await served.ask('told');
  const newcomer = await Listener.join(context, ports, 'http2', '/');
  await served.ask('publish', { from: events, count: 1 });
  await until(() => newcomer.data.length > 0, 2_000);
  const whole = clients.filter(({ data }) => data.slice(0, events).join() === numbers(0, events)).length;
  failing?.leave();
  await leaveAll(served, [...clients, newcomer]);
  return { whole, told, newcomer: newcomer.data.join() === String(events) };
}

/** Ends the source of all, or a part of it. */
async function end(context: Context, served: Served<FailureOrders>, ports: Ports, how: Ending) {
  await served.ask('make', {});
  const clients = await Listener.joinAll(context, ports, others);
  await served.ask('publish', { from: 0, count: events });
  await served.ask('end', how);
  if (how === 'a part completes') await served.ask('publish', { from: events, count: 1 });
  const isTold = ({ fate, data }: Listener): boolean => fate !== undefined || data.at(-1) === String(events);
  await until(() => clients.every(isTold), 5_000);
  await until(async () => how === 'a part completes' || (await served.ask('told')).closes >= others, 2_000);
  const told = await served.ask('told');
  // An answer, and what came before the end.
  const isWhole = ({ data }: Listener): boolean => data.slice(0, events).join() === numbers(0, events);
  const count = (of: 'complete' | 'broken'): number =>
    clients.filter((client) => client.fate === of && isWhole(client)).length;
  const fates = { complete: count('complete'), broken: count('broken') };
  const answer = how === 'a part completes' ? 200 : (await answerOverHttp1(context, ports.http1, '/')).status;
  await leaveAll(served, clients);
  return { told, answer, ...fates };
}
