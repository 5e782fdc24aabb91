import type { LoadOf } from '../cases.ts';
import type { Trial } from '../Trial.ts';
import { mebibyte, type Sample } from './Sample.ts';

/** The same events to one healthy client, first alone and then beside those that never read. */
export async function stalled(trial: Trial, { clients, events }: LoadOf<'stalled'>): Promise<Sample> {
  const volume = { ticks: events, perTick: 1, bytes: 1024 };
  await trial.connect(1);
  // What the just-in-time compiler takes is not what an event costs alone.
  await trial.deliver({ ...volume, ticks: Math.ceil(events / 5) });
  const alone = await trial.deliver(volume);
  const before = await trial.mark(true);
  await trial.connect(clients, false);
  const beside = await trial.core(() => trial.deliver(volume));
  const during = await trial.mark(false);
  await trial.cut();
  const after = await trial.mark(true);
  const [cpuAlone, cpuBeside] = [alone.used / alone.delivered, beside.used / beside.delivered];
  return {
    'peak +MiB': (Math.max(beside.after.peak, during.peak) - before.rss) / mebibyte,
    'after +MiB': (after.rss - before.rss) / mebibyte,
    'after +%': 100 * (after.rss / before.rss - 1),
    'held +MiB': ((after.held ?? Number.NaN) - (before.held ?? Number.NaN)) / mebibyte,
    'healthy %': (100 * beside.delivered) / beside.expected,
    'cpu µs/event': cpuBeside,
    'of alone': cpuBeside / cpuAlone,
    'p99 ms': beside.p99 / 1000,
  };
}
