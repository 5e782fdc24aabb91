import type { DropReason } from '../operators/BackpressureOperator.ts';
import type { DropEvent } from './ConnectionEvent.ts';

/** Drops, summed up by reason. */
export class DropTally {
  readonly #sums = new Map<DropReason, { count: number; bytes: number }>();

  add(reason: DropReason, count: number, bytes: number): void {
    const sum = this.#sums.get(reason);
    if (sum === undefined) {
      this.#sums.set(reason, { count, bytes });
    } else {
      sum.count += count;
      sum.bytes += bytes;
    }
  }

  /** One event for each reason; there is mostly one. */
  events(): DropEvent[] {
    return Array.from(this.#sums, ([reason, sum]) => ({ type: 'drop', reason, ...sum }));
  }
}
