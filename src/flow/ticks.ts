import { reportError } from '../diagnostics.ts';
import { oncePerTurn } from '../later.ts';
import { clock } from './clock.ts';
import { beginTally, endTally } from './TickTally.ts';

/** What is flushed at the end of a tick, which is from the first frame to the next turn of the event loop. */
export interface Flushed {
  flush(now: number): void;
}

/** What has sources that can wait, and do so for what comes live. */
export interface Pulls {
  /** Lets them go on. */
  pull(): void;
}

/** For how many ms flushes, and pulls, may go on before the event loop turns, and how many flushes come between two looks at the clock. */
const slice = 10;
const stride = 8;
/** After how many ms a flush is late. */
const late = 1;

let due: Flushed[] = [];
const pulling: Pulls[] = [];
/** When the flush that comes was asked for, or the one before it has begun. */
let since = 0;
let isFlushing = false;
const askForTurn = oncePerTurn('write', flushAll);
const askToPull = oncePerTurn('pull', pullAll);

/** Flushes `flushed` at the end of this tick, so that what the tick brings leaves as one write. Ask once a tick. */
export function atEndOfTick(flushed: Flushed): void {
  due.push(flushed);
  schedule();
}

/** Has `pulls` go on when what waits has been flushed. */
export function afterFlushes(pulls: Pulls): void {
  pulling.push(pulls);
  askToPull();
}

function schedule(): void {
  if (!askForTurn()) return;
  since = clock();
  beginTally();
}

/**
 * Flushes what is late. Called for each newcomer: when a thousand come at once, the event loop has no turn until all of them
 * have been let in.
 */
export function flushLate(now: number): void {
  if (due.length > 0 && !isFlushing && now - since >= late) flushAll();
}

function flushAll(): void {
  // What a flush brings about belongs to the next tick, or a source that answers each write would never let go.
  const flushing = due;
  due = [];
  const began = clock();
  since = began;
  isFlushing = true;
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
  isFlushing = false;
  endTally();
}

function pullAll(): void {
  const ends = clock() + slice;
  // Those who wait again meanwhile are behind these.
  for (let left = pulling.length; left > 0 && clock() < ends; left -= 1) {
    try {
      pulling.shift()?.pull();
    } catch (error) {
      // Of an iterator of somebody's own: no reason to keep the others from theirs.
      reportError('flush', error);
    }
  }
  if (pulling.length > 0) askToPull();
}
