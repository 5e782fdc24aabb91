import type { Observer, Unsubscribable } from 'rxjs';

/** The place of one observer, and the way to leave it. */
class Seat<T> implements Unsubscribable {
  observer: Observer<T> | undefined;
  readonly #audience: Audience<T>;

  constructor(audience: Audience<T>, observer: Observer<T>) {
    this.#audience = audience;
    this.observer = observer;
  }

  unsubscribe(): void {
    if (this.observer === undefined) return;
    this.observer = undefined;
    this.#audience.left();
  }
}

/**
 * Those who are there, in the order in which they came: what a Subject has as an array of observers. There, each one that
 * leaves searches the whole array, has it copied for the next delivery, and costs 160 bytes while it is there; ten
 * thousand clients that leave at once hold up the rest for seconds.
 */
export class Audience<T> {
  #seats: Seat<T>[] = [];
  #vacant = 0;
  #delivering = false;

  get size(): number {
    return this.#seats.length - this.#vacant;
  }

  get observers(): Observer<T>[] {
    return this.#seats.flatMap(({ observer }) => observer ?? []);
  }

  /** @returns the way to leave */
  join(observer: Observer<T>): Unsubscribable {
    const seat = new Seat(this, observer);
    this.#seats.push(seat);
    return seat;
  }

  /** Delivers to all who are there now: not to those who come or have left meanwhile. */
  next(value: T): void {
    const seats = this.#seats;
    const { length } = seats;
    this.#delivering = true;
    try {
      for (let index = 0; index < length; index += 1) (seats[index] as Seat<T>).observer?.next(value);
    } finally {
      this.#delivering = false;
      this.#tidy();
    }
  }

  /** Lets all go without a word. */
  clear(): void {
    for (const seat of this.#seats) seat.observer = undefined;
    this.#seats = [];
    this.#vacant = 0;
  }

  /** Called by a seat that has been left. */
  left(): void {
    this.#vacant += 1;
    this.#tidy();
  }

  /** Takes the vacant seats away, but not for each one, nor in the middle of a delivery. */
  #tidy(): void {
    if (this.#delivering || this.#vacant * 2 <= this.#seats.length) return;
    this.#seats = this.#seats.filter(({ observer }) => observer !== undefined);
    this.#vacant = 0;
  }
}
