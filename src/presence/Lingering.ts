import { unref } from '../unref.ts';

/** Something that stays for a while. */
export interface Stay {
  /** When it is over, on the clock of `performance.now()`. Kept by {@link Lingering} alone. */
  dueAt: number;
  /** Its time is over. */
  over(): void;
}

/** One timer for all who linger. All of them wait for as long, so the first to come is the first to go. */
export class Lingering {
  readonly wait: number;
  readonly #stays = new Set<Stay>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(wait: number) {
    this.wait = wait;
  }

  add(stay: Stay): void {
    stay.dueAt = performance.now() + this.wait;
    this.#stays.add(stay);
    if (this.#timer === undefined) this.#setTimer(this.wait);
  }

  delete(stay: Stay): void {
    this.#stays.delete(stay);
    if (this.#stays.size === 0) this.#stopTimer();
  }

  clear(): void {
    this.#stays.clear();
    this.#stopTimer();
  }

  #setTimer(wait: number): void {
    // Those who have left are no reason for a process to go on.
    this.#timer = unref(setTimeout(() => this.#run(), Math.max(Math.ceil(wait), 1)));
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #run(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const stay of this.#stays) {
      if (stay.dueAt > now) {
        // What ends may have had others begin.
        if (this.#timer === undefined) this.#setTimer(stay.dueAt - now);
        return;
      }
      this.#stays.delete(stay);
      stay.over();
    }
  }
}
