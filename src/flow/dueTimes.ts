import { reportError } from '../diagnostics.ts';
import { longestDelay } from '../options.ts';
import { unref } from '../unref.ts';
import { clock } from './clock.ts';

/** Something that is to be done at a time, on the clock of `performance.now()`. */
export interface Due {
  /** Where it is listed. Kept by this file alone. */
  dueAt: number;
  due(now: number): void;
}

/** The `dueAt` of what is not listed. */
export const unlisted = -1;

/**
 * One timer for all heartbeats, ages and deadlines of all clients. Times are rounded up, by an eighth of the wait and at
 * most a quarter of a second, so that ten thousand heartbeats are a few dozen entries and not ten thousand timers.
 */
const entries = new Map<number, Set<Due>>();
let timer: ReturnType<typeof setTimeout> | undefined;
let timerAt: number = Number.POSITIVE_INFINITY;
/** The function that set the timer: a test may replace the clock, and put it back. */
let timerBy: unknown;

/** Has `item.due` called at `at`, and not at any time that was asked for earlier. */
export function dueAt(item: Due, at: number, now: number): void {
  const grain = 2 ** Math.floor(Math.log2(Math.min(Math.max((at - now) / 8, 1), 256)));
  const rounded = Math.ceil(at / grain) * grain;
  if (rounded === item.dueAt) return;
  notDue(item);
  item.dueAt = rounded;
  const entry = entries.get(rounded);
  if (entry === undefined) entries.set(rounded, new Set([item]));
  else entry.add(item);
  // It was set on another clock, which may never come to it.
  if (timerBy !== undefined && timerBy !== setTimeout) setTimer(now, now);
  else if (rounded < timerAt) setTimer(rounded, now);
}

/** Forgets the item. */
export function notDue(item: Due): void {
  const entry = entries.get(item.dueAt);
  if (entry?.delete(item) && entry.size === 0) entries.delete(item.dueAt);
  item.dueAt = unlisted;
  // The last connection is gone: nothing of ours is left running.
  if (entries.size === 0) stopTimer();
}

function setTimer(at: number, now: number): void {
  clearTimeout(timer);
  timerAt = at;
  timerBy = setTimeout;
  // A longer one would fire at once; this one finds nothing due, and waits on.
  const wait = Math.min(Math.max(at - now, 0), longestDelay);
  // The sockets keep a process running, a heartbeat alone does not.
  timer = unref(setTimeout(run, wait));
}

function stopTimer(): void {
  clearTimeout(timer);
  timer = undefined;
  timerBy = undefined;
  timerAt = Number.POSITIVE_INFINITY;
}

function run(): void {
  const now = clock();
  stopTimer();
  for (const [at, items] of [...entries]) {
    if (at > now) continue;
    entries.delete(at);
    for (const item of items) {
      item.dueAt = unlisted;
      try {
        item.due(now);
      } catch (error) {
        // A transport of somebody's own that throws must not keep the others from theirs.
        reportError('due', error);
      }
    }
  }
  let next = Number.POSITIVE_INFINITY;
  for (const at of entries.keys()) next = Math.min(next, at);
  if (next < timerAt) setTimer(next, now);
}
