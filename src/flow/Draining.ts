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
  /** How many connections ended without being cut: after their last whole event, or by themselves meanwhile. */
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
  /** When the last one is told. */
  #toldBy: number;
  /** When those are cut that are still there. */
  #cutAt: number;
  #timeout: number;
  readonly #spread: number;
  /** Since when it goes at its pace, and how many had had their turn by then. */
  #paced: { readonly since: number; readonly from: number };
  #next = 0;
  #cut = 0;
  #left = 0;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #finish: (report: DrainReport) => void = () => {};
  readonly done: Promise<DrainReport> = new Promise((resolve) => (this.#finish = resolve));

  constructor(all: readonly Admitted[], over: number, timeout: number) {
    this.#all = all;
    this.#paced = { since: clock(), from: 0 };
    this.#toldBy = this.#paced.since + over;
    this.#cutAt = this.#toldBy + timeout;
    this.#timeout = timeout;
    this.#spread = Math.max(over, least);
  }

  /** Begins: what is told to go may bring the gate to ask for this, so it must be there before. */
  start(): void {
    this.#run();
  }

  /** Takes no longer than so many ms from now on. What was told already stays, and never does it take longer than before. */
  hasten(over: number | undefined, timeout: number | undefined): void {
    if (this.#stopped) return;
    const now = clock();
    if (over !== undefined && now + over < this.#toldBy) {
      this.#toldBy = now + over;
      this.#paced = { since: now, from: this.#next };
    }
    this.#timeout = Math.min(timeout ?? this.#timeout, this.#timeout);
    this.#cutAt = Math.min(Math.max(this.#toldBy, now) + this.#timeout, this.#cutAt);
    // In a turn of its own: this may be asked for by one who is just being told.
    this.#wait(0);
  }

  /** After how many ms somebody is to come back who is at this place among all, from 0 to below 1. */
  backIn(place: number): number {
    const left = Math.max(this.#toldBy - clock(), 0);
    return Math.min(Math.round(left + least + place * this.#spread), longestDelay);
  }

  /** One is gone, and so many are left. */
  left(count: number): void {
    this.#left += 1;
    if (count === 0) this.stop();
  }

  readonly #run = (): void => {
    const now = clock();
    // One that goes may have it all called off.
    while (this.#next < this.#turnsBy(now) && !this.#stopped) this.#drainNext();
    if (this.#stopped) return;
    if (this.#all.every(({ seat }) => seat === outside)) this.stop();
    else if (now >= this.#cutAt) this.#cutRest();
    else if (this.#next < this.#all.length) this.#wait(Math.min(pause, this.#toldBy - now));
    else this.#wait(this.#cutAt - now);
  };

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#run, Math.min(ms, longestDelay));
  }

  /** How many are to have had their turn. */
  #turnsBy(now: number): number {
    if (now >= this.#toldBy) return this.#all.length;
    const { since, from } = this.#paced;
    return from + Math.ceil(((this.#all.length - from) * (now - since)) / (this.#toldBy - since));
  }

  #drainNext(): void {
    const place = this.#next;
    this.#next += 1;
    const connection = this.#all[place];
    if (connection === undefined || connection.seat === outside) return;
    // Multiples of the golden ratio fall evenly, however many there are and in whichever order they go.
    connection.drain(this.backIn((place * goldenRatio) % 1));
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
    this.#finish({ ended: this.#left - this.#cut, cut: this.#cut });
  }
}
