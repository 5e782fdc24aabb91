import { reportError } from '../diagnostics.ts';
import { isTurning, oncePerTurn } from '../later.ts';
import { clock } from './clock.ts';
import { beginTally, endTally } from './TickTally.ts';

/**
 * What is flushed at the end of a tick, which is from the first frame to the next turn of the event loop, or while the loop
 * is busy to the end of the callback that it began in.
 */
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
/** For how many ms the event loop counts as busy when a turn of it was late. */
const busyFor = 100;
/** How many times as long as a flush takes is to pass until an early one. */
const apart = 8;

let due: Flushed[] = [];
const pulling: Pulls[] = [];
/** When the flush that comes was asked for, or the one before it has begun. */
let since = 0;
let isFlushing = false;
/** When the turn that comes was asked for, since when it may be late. */
let askedAt = 0;
/** Until when the loop counts as busy, and from when on a tick may end early for that, once before each turn. */
let [busyUntil, earlyFrom, wasEarly] = [0, 0, false];
const askForTurn = oncePerTurn('write', endTurn);
const askToPull = oncePerTurn('pull', pullAll);

/** Flushes `flushed` at the end of this tick, so that what the tick brings leaves as one write. Ask once a tick. */
export function atEndOfTick(flushed: Flushed): void {
  due.push(flushed);
  schedule();
  if (due.length === 1 && !isFlushing) endEarly();
}

/** Has `pulls` go on when what waits has been flushed. */
export function afterFlushes(pulls: Pulls): void {
  pulling.push(pulls);
  askToPull();
}

function schedule(): void {
  if (!askForTurn()) return;
  since = clock();
  // Its own work in a turn does not make the loop late.
  askedAt = isTurning() ? Number.POSITIVE_INFINITY : performance.now();
  beginTally();
}

/**
 * Has this tick end with the callback that runs now, and all that it awaits, where the event loop is busy: before its turn
 * there may be a poll, of requests and connections, that takes ten times as long as the flush. What comes behind is flushed
 * at the turn, so that this costs each client a write more, and there is time in between.
 */
function endEarly(): void {
  const { nextTick } = globalThis.process ?? {};
  if (mayEndEarly() && nextTick) queueMicrotask(() => nextTick(flushEarly));
}

function mayEndEarly(): boolean {
  const now = performance.now();
  return now < busyUntil && now >= earlyFrom && !wasEarly;
}

function flushEarly(): void {
  if (due.length === 0 || isFlushing || !mayEndEarly()) return;
  wasEarly = true;
  flushAll();
}

function endTurn(): void {
  const now = performance.now();
  if (now - askedAt >= late) busyUntil = now + busyFor;
  wasEarly = false;
  flushAll();
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
  const [began, beganAt] = [clock(), performance.now()];
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
  const end = performance.now();
  earlyFrom = Math.max(earlyFrom, end + apart * (end - beganAt));
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
