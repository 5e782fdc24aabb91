import { longestDelay } from '../options.ts';
import { clock } from './clock.ts';

/** A connection that has been let in. */
export interface Admitted {
  /** Where it is listed, `outside` when it is not. Kept by the gate alone. */
  seat: number;
  /** Ends after what waits, and says when to come back, in ms. */
  drain(retry: number): void;
  /** Ends at once. */
  cut(): void;
}

/** The `seat` of one that is not listed. */
export const outside = -1;

/** How a drain went. */
export interface DrainReport {
  /** How many connections ended after their last whole event. */
  readonly ended: number;
  /** How many were cut, as they had not taken what waited for them within `timeout`. */
  readonly cut: number;
}

/** How many ms there are between two slices. */
const pause = 50;
/** The least that a client is told to stay away, in ms: a process takes as long to come up. */
const least = 1_000;
const goldenRatio = (Math.sqrt(5) - 1) / 2;

/**
 * The end of all connections of a gate, in slices over some time. Each is told when to come back: after the last one has
 * been told, so that nobody meets this server again, and spread evenly over as long.
 */
export class Draining {
  #all: readonly Admitted[];
  readonly #over: number;
  readonly #spread: number;
  readonly #began: number = clock();
  #next = 0;
  #cut = 0;
  #ended = 0;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #timeout: number;
  #finish: (report: DrainReport) => void = () => {};
  readonly done: Promise<DrainReport> = new Promise((resolve) => (this.#finish = resolve));

  constructor(all: readonly Admitted[], over: number, timeout: number) {
    this.#all = all;
    this.#over = over;
    this.#timeout = timeout;
    this.#spread = Math.max(over, least);
  }

  /** Begins: what is told to go may bring the gate to ask for this, so it must be there before. */
  start(): void {
    this.#run();
  }

  /** After how many ms somebody is to come back who is at this place among all, from 0 to below 1. */
  backIn(place: number): number {
    const left = Math.max(this.#began + this.#over - clock(), 0);
    return Math.min(Math.round(left + least + place * this.#spread), longestDelay);
  }

  /** One is gone, and so many are left. */
  left(count: number): void {
    this.#ended += 1;
    if (count === 0) this.stop();
  }

  readonly #run = (): void => {
    const now = clock();
    const passed = now - this.#began;
    const share = this.#over === 0 ? 1 : Math.min(passed / this.#over, 1);
    const until = this.#over === 0 ? this.#all.length : Math.ceil(this.#all.length * share);
    // One that goes may have it all called off.
    for (; this.#next < until && !this.#stopped; this.#next += 1) this.#drainNext();
    if (this.#stopped) return;
    if (this.#all.every(({ seat }) => seat === outside)) {
      this.stop();
    } else if (passed >= this.#over + this.#timeout) {
      this.#cutRest();
    } else {
      const left = this.#over - passed;
      const wait = this.#next < this.#all.length ? Math.min(pause, left) : left + this.#timeout;
      this.#timer = setTimeout(this.#run, Math.min(wait, longestDelay));
    }
  };

  #drainNext(): void {
    const connection = this.#all[this.#next];
    if (connection === undefined || connection.seat === outside) return;
    // Multiples of the golden ratio fall evenly, however many there are and in whichever order they go.
    connection.drain(this.backIn((this.#next * goldenRatio) % 1));
  }

  #cutRest(): void {
    for (const connection of this.#all) {
      if (this.#stopped) return;
      if (connection.seat === outside) continue;
      this.#cut += 1;
      connection.cut();
    }
    this.stop();
  }

  /** Goes no further. */
  stop(): void {
    this.#stopped = true;
    // The gate keeps this as long as it is shut.
    this.#all = [];
    clearTimeout(this.#timer);
    this.#finish({ ended: this.#ended - this.#cut, cut: this.#cut });
  }
}
