import type { Context, Criterion } from '../Scenario.ts';
import type { Vitals } from '../server/host.ts';
import type { Orders, Served } from './Served.ts';
import { until } from './until.ts';

/** What has to hold after every scenario, when its clients have gone. */
export const afterwardsCriteria: Readonly<Record<AfterwardsFigure, Criterion>> = {
  observers: { exactly: 0 },
  timers: { exactly: 0 },
  'new handles': { exactly: 0 },
  'heap after': { atMost: 5, unit: 'MB' },
  'uncaught, unhandled, warnings': { exactly: 0 },
};

/** The figures of `afterwards`. */
export type AfterwardsFigure = 'observers' | 'timers' | 'new handles' | 'heap after' | 'uncaught, unhandled, warnings';

/** Compares the server with how it was `before` its clients came. */
export async function afterwards<Asked extends Orders>(
  context: Context,
  served: Served<Asked>,
  before: Vitals,
): Promise<Readonly<Record<AfterwardsFigure, number>>> {
  const vitals = (collect: boolean): Promise<Vitals> => (served as Served<Orders>).ask('vitals', { collect });
  await until(async () => {
    const now = await vitals(false);
    return now.observers === 0 && now.timers === 0 && newHandles(now, before) === 0;
  }, 2_000);
  const after = await vitals(true);
  for (const trouble of new Set(after.troubles)) context.note(trouble);
  return {
    observers: after.observers,
    timers: after.timers,
    'new handles': newHandles(after, before),
    'heap after': megabytes(after.heapUsed - before.heapUsed),
    'uncaught, unhandled, warnings': after.troubles.length,
  };
}

export function megabytes(bytes: number): number {
  return bytes / 2 ** 20;
}

function newHandles(now: Vitals, before: Vitals): number {
  let sum = 0;
  for (const [kind, count] of Object.entries(now.resources)) sum += Math.max(0, count - (before.resources[kind] ?? 0));
  return sum;
}
