/** Something that has a deadline, on the clock of `performance.now()`. */
export interface Timed {
  /** When it is due, and how long it waits until then. Kept by {@link Deadlines} alone; NaN while it is not listed. */
  dueAt: number;
  wait: number;
  expire(now: number): void;
}

/**
 * One timer for all deadlines, which are kept to the millisecond, as the heartbeats of clients need not be. Those with the
 * same wait are due in the order in which they were added, so each wait has a set of its own and nothing is ever sorted.
 */
export class Deadlines {
  readonly #byWait = new Map<number, Set<Timed>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  /** Has `item.expire` called after `wait` ms. */
  add(item: Timed, wait: number, now: number = performance.now()): void {
    item.dueAt = now + wait;
    item.wait = wait;
    const items = this.#byWait.get(wait);
    if (items === undefined) this.#byWait.set(wait, new Set([item]));
    else items.add(item);
    if (item.dueAt < this.#timerAt) this.#setTimer(item.dueAt, now);
  }

  /** Forgets the item. */
  delete(item: Timed): void {
    const items = this.#byWait.get(item.wait);
    item.dueAt = Number.NaN;
    if (!items?.delete(item) || items.size > 0) return;
    this.#byWait.delete(item.wait);
    // Nothing of ours keeps the process running when nothing is under way.
    if (this.#byWait.size === 0) this.#stopTimer();
  }

  #setTimer(at: number, now: number): void {
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#run(), Math.max(Math.ceil(at - now), 1));
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #run(): void {
    const now = performance.now();
    this.#stopTimer();
    for (const [wait, items] of this.#byWait) {
      for (const item of items) {
        if (item.dueAt > now) break;
        items.delete(item);
        item.dueAt = Number.NaN;
        item.expire(now);
      }
      if (items.size === 0) this.#byWait.delete(wait);
    }
    let next = Number.POSITIVE_INFINITY;
    for (const [first] of this.#byWait.values()) if (first !== undefined) next = Math.min(next, first.dueAt);
    if (next < this.#timerAt) this.#setTimer(next, now);
  }
}
