import type { LoadOf } from '../cases.ts';
import type { Trial } from '../Trial.ts';
import { mebibyte, type Sample } from './Sample.ts';

/** Ticks at a pace, to clients who all read. */
export async function delivery(trial: Trial, load: LoadOf<'delivery'>): Promise<Sample> {
  const { clients, seconds, perTick, perSecond } = load;
  await trial.connect(clients);
  const volume = { perTick, perSecond, bytes: 256 };
  // A second for the just-in-time compiler.
  await trial.deliver({ ...volume, ticks: perSecond });
  const ticks = Math.round(perSecond * seconds);
  const { used, delivered, expected, p50, p99, after } = await trial.core(() => trial.deliver({ ...volume, ticks }));
  return {
    'cpu µs/event': used / delivered,
    'p50 ms': p50 / 1000,
    'p99 ms': p99 / 1000,
    'rss MiB': after.rss / mebibyte,
    'delivered %': (100 * delivered) / expected,
  };
}
