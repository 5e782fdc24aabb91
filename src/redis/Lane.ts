import type { Timed } from './Deadlines.ts';
import type { InFlightLimits } from './InFlight.ts';

/** One command on its way. */
export interface Sending extends Timed {
  readonly lane: Lane;
  /** Its name, for the error. */
  readonly command: string;
  readonly bytes: number;
  readonly startedAt: number;
  readonly send: () => Promise<unknown>;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
  settled: boolean;
}

export interface LaneOptions extends InFlightLimits {
  /** How long a command may take, in ms. */
  readonly timeout: number;
}

/** One store's way to Redis: its commands leave in order, and wait while it is not open. */
export class Lane implements LaneOptions {
  readonly maxPending: number;
  readonly maxPendingBytes: number;
  readonly timeout: number;
  /** Asked when there is something to send and a connection to send it on. */
  readonly isOpen: () => boolean;
  readonly waiting: Set<Sending> = new Set<Sending>();
  #unsettled = 0;
  #whenSettled: (() => void) | undefined;
  #settled: Promise<void> | undefined;

  constructor({ maxPending, maxPendingBytes, timeout }: LaneOptions, isOpen: () => boolean = () => true) {
    this.maxPending = maxPending;
    this.maxPendingBytes = maxPendingBytes;
    this.timeout = timeout;
    this.isOpen = isOpen;
  }

  started(): void {
    this.#unsettled += 1;
  }

  ended(): void {
    this.#unsettled -= 1;
    if (this.#unsettled === 0) this.#whenSettled?.();
  }

  /** Resolves when every command of this lane has its answer or is past its deadline. For a lane that gets no more. */
  settled(): Promise<void> {
    this.#settled ??= new Promise((resolve) => {
      this.#whenSettled = resolve;
      if (this.#unsettled === 0) resolve();
    });
    return this.#settled;
  }
}

/** A lane for what is bounded elsewhere. */
export function unlimited(timeout: number, isOpen?: () => boolean): Lane {
  const limits = { maxPending: Number.POSITIVE_INFINITY, maxPendingBytes: Number.POSITIVE_INFINITY, timeout };
  return new Lane(limits, isOpen);
}
