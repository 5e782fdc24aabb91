import type { LoadOf } from '../cases.ts';
import type { Trial } from '../Trial.ts';
import { mebibyte, type Sample } from './Sample.ts';

/** A generator of small events to one client that reads. */
export async function stream(trial: Trial, { events }: LoadOf<'stream'>): Promise<Sample> {
  const before = await trial.mark(true);
  // For the just-in-time compiler, to which a million events are less than the second that it has elsewhere.
  await trial.stream(events);
  const { delivered, micros, used, after } = await trial.core(() => trial.stream(events));
  const least = await trial.mark(true);
  // To look at what is held takes time, so it is done with a stream of its own.
  const held = await trial.held(() => trial.stream(events));
  return {
    'M events/s': delivered / micros,
    'cpu µs/event': used / delivered,
    'peak +MiB': ((after.highest ?? Number.NaN) - before.rss) / mebibyte,
    'held +MiB': (held - (least.held ?? Number.NaN)) / mebibyte,
    'delivered %': (100 * delivered) / events,
  };
}
