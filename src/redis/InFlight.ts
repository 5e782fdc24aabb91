import { TornadoseError } from '../errors.ts';
import { rejected } from './rejected.ts';

/** How much may be on its way to one Redis. */
export interface InFlightLimits {
  readonly maxPending: number;
  readonly maxPendingBytes: number;
}

/** What is on its way to one Redis, of all stores that share the client: waiting for it, or for its answer. */
export class InFlight {
  #pending = 0;
  #bytes = 0;
  #busy: Promise<never> | undefined;

  get pending(): number {
    return this.#pending;
  }

  /** Whether one more of `bytes` may be. One that is larger than the limit passes where nothing else is on its way. */
  admits(bytes: number, { maxPending, maxPendingBytes }: InFlightLimits): boolean {
    if (this.#pending >= maxPending) return false;
    return this.#pending === 0 || this.#bytes + bytes <= maxPendingBytes;
  }

  add(bytes: number): void {
    this.#pending += 1;
    this.#bytes += bytes;
    this.#busy = undefined;
  }

  remove(bytes: number): void {
    this.#pending -= 1;
    this.#bytes -= bytes;
    this.#busy = undefined;
  }

  /**
   * The answer to one too many. It is the same promise until something changes: a flood of 200 000 publishes would
   * otherwise cost more in errors and stack traces than in what it sends.
   */
  busy(): Promise<never> {
    this.#busy ??= rejected(
      new TornadoseError(
        'ERR_REDIS_BUSY',
        `Expected less to be on its way to Redis, got ${this.#pending} values of ${this.#bytes} bytes; not sent`,
        { pending: this.#pending, bytes: this.#bytes },
      ),
    );
    return this.#busy;
  }
}
