import type { LoadOf } from '../cases.ts';
import type { Trial } from '../Trial.ts';
import { mebibyte, type Sample } from './Sample.ts';

/** A publisher that knows no measure: for how long is the event loop of the server away? */
export async function loop(trial: Trial, { clients, turns, perTick }: LoadOf<'loop'>): Promise<Sample> {
  const volume = { perTick, bytes: 96 };
  await trial.connect(clients);
  await trial.deliver({ ...volume, perTick: 1, ticks: 5 });
  const { p50, p99, max, used, delivered, expected, after } = await trial.core(() =>
    trial.deliverWatched({ ...volume, ticks: turns }),
  );
  return {
    'loop p99 ms': p99,
    'loop p50 ms': p50,
    'loop max ms': max,
    'cpu µs/event': used / delivered,
    'rss MiB': after.rss / mebibyte,
    'delivered %': (100 * delivered) / expected,
  };
}
