import { reportError } from '../diagnostics.ts';
import { later } from '../later.ts';

/** What is flushed at the end of a tick, which is from the first frame to the next turn of the event loop. */
export interface Flushed {
  flush(now: number): void;
}

let due: Flushed[] = [];

/** Flushes `flushed` at the end of this tick, so that what the tick brings leaves as one write. Ask once a tick. */
export function atEndOfTick(flushed: Flushed): void {
  if (due.length === 0) later(flushAll);
  due.push(flushed);
}

function flushAll(): void {
  const now = performance.now();
  // What a flush brings about belongs to the next tick, or a source that answers each write would never let go.
  const flushing = due;
  due = [];
  for (const each of flushing) {
    try {
      each.flush(now);
    } catch (error) {
      // A transport of somebody's own that throws must not keep the others from their flush.
      reportError('flush', error);
    }
  }
}
