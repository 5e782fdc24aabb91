import { TornadoseError } from '../errors.ts';
import { Queue } from '../operators/Queue.ts';

/** How many calls may wait for the one that is being delivered, and how many of those may follow each other. */
const limit = 10_000;

/**
 * One order for everybody. A delivery that is asked for while another one is going on waits for its turn; without
 * that, RxJS delivers it at once, and the observers further down the list see the newer value first.
 */
export class Deliveries {
  readonly #waiting = new Queue<() => void>();
  #delivering = false;
  /** How many of the calls in this run came from within a delivery. */
  #reentrant = 0;

  /** Carries out `deliver` now, or after those that were asked for earlier. @throws TornadoseError `ERR_REENTRANT` */
  add(deliver: () => void): void {
    if (this.#delivering) {
      this.#wait(deliver);
      return;
    }
    this.#delivering = true;
    this.#waiting.push(deliver);
    let failure: { readonly error: unknown } | undefined;
    while (this.#waiting.size > 0) {
      try {
        this.#waiting.shift()();
      } catch (error) {
        // Those that wait are not to blame, and must not come after what is published next.
        failure ??= { error };
      }
    }
    this.#delivering = false;
    this.#reentrant = 0;
    if (failure !== undefined) throw failure.error;
  }

  /** Carries out `deliver` now, even within a delivery; what is asked for meanwhile comes after it. */
  now(deliver: () => void): void {
    if (this.#delivering) deliver();
    else this.add(deliver);
  }

  #wait(deliver: () => void): void {
    // Counted over the whole run, since a publisher that answers each value with one more never has two waiting.
    if (this.#reentrant >= limit) {
      throw new TornadoseError(
        'ERR_REENTRANT',
        `Expected at most ${limit} calls of \`next\` from within its own delivery, got one more`,
        { limit },
      );
    }
    this.#reentrant += 1;
    this.#waiting.push(deliver);
  }
}
