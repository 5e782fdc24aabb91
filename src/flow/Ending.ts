import type { CloseReason } from './ConnectionEvent.ts';

/** How long a client that has been told the end may take without any progress. `ws` gives a close handshake as long. */
const patience = 30_000;

/** How a connection ends, from the decision on: what waits is still sent, to a client that takes it. */
export class Ending {
  readonly reason: CloseReason;
  readonly error: unknown;
  /** The error is the application's own. */
  readonly ofSource: boolean;
  /** When the client is looked at again. */
  patienceEnds = 0;
  /** When the client is to come back, in ms. */
  readonly retry: number | undefined;
  #left = 0;

  constructor(reason: CloseReason, error: unknown, ofSource: boolean, retry?: number) {
    this.reason = reason;
    this.error = error;
    this.ofSource = ofSource;
    this.retry = retry;
  }

  /** Gives the client its time, from now on, to take some of the `left` bytes. */
  wait(now: number, left: number): void {
    this.#left = left;
    this.patienceEnds = now + patience;
  }

  /** Slow clients may take as long as they need for the rest; those that take nothing at all are gone. */
  isStuck(left: number, now: number): boolean {
    if (now < this.patienceEnds) return false;
    if (left === 0 || left >= this.#left) return true;
    this.wait(now, left);
    return false;
  }
}
