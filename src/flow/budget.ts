import { reportError } from '../diagnostics.ts';
import { TornadoseError } from '../errors.ts';
import { integer } from '../options.ts';
import { clock } from './clock.ts';

/** Something that waits, for one client or for many. */
export interface Waiter {
  readonly length: number;
  /** For how many clients it waits. Kept by this file alone. */
  waiters: number;
}

/** A client that cannot take more, for whom something waits. */
export interface Laggard {
  /** How many bytes wait for it. */
  readonly left: number;
  /** Since when it cannot take more, on `clock`. */
  readonly stuckSince: number | undefined;
  overBudget(error: TornadoseError): void;
}

const laggards = new Set<Laggard>();
let maxBytes = 256 * 1024 * 1024;
let waiting = 0;

/** The ceiling for what waits for all slow clients of a process. */
export interface Budget {
  /** In bytes. @defaultValue 268 435 456 (256 MiB) @throws TornadoseError `ERR_INVALID_OPTION` when set to no positive integer */
  maxBytes: number;
  /** How many bytes wait now. */
  readonly waiting: number;
}

/**
 * The ceiling for all that waits in this process for clients that cannot take more, over all of their sinks. Above it
 * clients are closed with reason `budget` and an `ERR_BUDGET` until an eighth is free: those that have been stuck for a
 * second before others, and among them those for whom the most waits. Those that keep up never notice.
 *
 * ```ts
 * import { budget } from 'tornadose';
 *
 * budget.maxBytes = 64 * 1024 * 1024;
 * setInterval(() => console.log(`${budget.waiting} bytes wait`), 10_000);
 * ```
 *
 * What several clients wait for is counted once, as it is in memory once. Not counted is what a socket takes without
 * saying that it is enough (16 KiB at most), what a tick brings until it is flushed or held (`outboxBytes` at most and one
 * event, for each client), and what strategies of your own keep.
 */
export const budget: Budget = {
  get maxBytes() {
    return maxBytes;
  },
  set maxBytes(bytes) {
    maxBytes = integer('maxBytes', bytes, maxBytes);
    keepBudget();
  },
  get waiting() {
    return waiting;
  },
};

/** Counts something that begins to wait for one client more. */
export function beginWait(waiter: Waiter): void {
  if (waiter.waiters === 0) waiting += waiter.length;
  waiter.waiters += 1;
}

/** Counts something that has waited for one client. */
export function endWait(waiter: Waiter): void {
  waiter.waiters -= 1;
  if (waiter.waiters === 0) waiting -= waiter.length;
}

/** How many clients something waits for. */
export function laggardCount(): number {
  return laggards.size;
}

/** Lists a client as one for whom something waits. */
export function addLaggard(laggard: Laggard): void {
  laggards.add(laggard);
}

/** Takes it off the list. */
export function removeLaggard(laggard: Laggard): void {
  laggards.delete(laggard);
}

/** Closes the worst laggards when too much waits. */
export function keepBudget(): void {
  if (waiting <= maxBytes) return;
  // Room for a while: otherwise each event would sort them all for the sake of one.
  const enough = maxBytes - Math.floor(maxBytes / 8);
  const now = clock();
  const worstFirst = Array.from(laggards, (laggard) => rankOf(laggard, now)).sort(
    (a, b) => b.seconds - a.seconds || b.left - a.left,
  );
  for (const { laggard } of worstFirst) {
    if (waiting <= enough) return;
    try {
      laggard.overBudget(overBudget());
    } catch (error) {
      // What goes wrong at one client's end must not reach the one whose event was too much.
      reportError('budget', error);
    }
  }
}

/** A quick client is in the midst of a burst for a moment: those that have been stuck for a second go before it. */
function rankOf(laggard: Laggard, now: number): { laggard: Laggard; seconds: 0 | 1; left: number } {
  const seconds = now - (laggard.stuckSince ?? now) >= 1000 ? 1 : 0;
  try {
    return { laggard, seconds, left: laggard.left };
  } catch (error) {
    reportError('budget', error);
    return { laggard, seconds, left: Number.POSITIVE_INFINITY };
  }
}

function overBudget(): TornadoseError {
  return new TornadoseError(
    'ERR_BUDGET',
    `Expected at most ${maxBytes} bytes to wait for all clients together, got ${waiting}`,
    { limit: maxBytes, waiting },
  );
}
