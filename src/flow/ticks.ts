import { reportError } from '../diagnostics.ts';
import { oncePerTurn } from '../later.ts';
import { clock } from './clock.ts';
import { beginTally, endTally } from './TickTally.ts';

/** What is flushed at the end of a tick, which is from the first frame to the next turn of the event loop. */
export interface Flushed {
  flush(now: number): void;
}

/** For how many ms flushes may go on before the event loop turns, and how many come between two looks at the clock. */
const slice = 10;
const stride = 8;

let due: Flushed[] = [];
const askForTurn = oncePerTurn(flushAll);

/** Flushes `flushed` at the end of this tick, so that what the tick brings leaves as one write. Ask once a tick. */
export function atEndOfTick(flushed: Flushed): void {
  due.push(flushed);
  schedule();
}

function schedule(): void {
  if (askForTurn()) beginTally();
}

function flushAll(): void {
  // What a flush brings about belongs to the next tick, or a source that answers each write would never let go.
  const flushing = due;
  due = [];
  const began = clock();
  let now = began;
  for (let index = 0; index < flushing.length; index += 1) {
    if (index % stride === stride - 1) {
      now = clock();
      if (now - began >= slice) {
        // A write for each of 10,000 clients takes a tenth of a second, in which nobody else would be served.
        due = flushing.slice(index).concat(due);
        schedule();
        break;
      }
    }
    try {
      flushing[index]?.flush(now);
    } catch (error) {
      // A transport of somebody's own that throws must not keep the others from their flush.
      reportError('flush', error);
    }
  }
  endTally();
}
