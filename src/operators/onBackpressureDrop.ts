import type { BackpressureOperator } from './BackpressureOperator.ts';
import { drain } from './drain.ts';
import { checkRoom, type Limits, limitsOf } from './limits.ts';
import { Queue } from './Queue.ts';
import type { Items, Waiting } from './Waiting.ts';

/**
 * Lets go of what comes while a client cannot take it: for a pulse, where what is late is worthless.
 *
 * ```
 * source  -a-b-c---d-e|
 * ready   --f----t-----      f: not ready, t: ready
 * output  -a-------d-e|
 * ```
 *
 * ```ts
 * pointer.pipe(toWebSocket(ws, { backpressure: onBackpressureDrop() }));
 * ```
 *
 * *Bounds*: nothing waits, but a `Gap`, within 1 MiB.
 *
 * *Drops*: each value that comes while the client is not ready (reason `not-ready`); a `Gap` never.
 *
 * *Errors*: `ERR_OVERFLOW` when notices alone are too many.
 */
export function onBackpressureDrop<T>(): BackpressureOperator<T> {
  const limits = limitsOf('onBackpressureDrop', {});
  return drain((items) => new NoticesWaiting(items, limits));
}

class NoticesWaiting<Item> extends Queue<Item> implements Waiting<Item> {
  readonly #items: Items<Item>;
  readonly #limits: Limits;

  constructor(items: Items<Item>, limits: Limits) {
    super();
    this.#items = items;
    this.#limits = limits;
  }

  override push(item: Item): void {
    if (!this.#items.isNotice(item)) {
      this.#items.dropped(item, 'not-ready');
      return;
    }
    const bytes = this.#items.bytesOf(item);
    checkRoom(this.#limits, this, this.#items.waiting, bytes);
    super.push(item, bytes);
  }
}
