import type { DataOf } from '../message.ts';
import { optionalFunction } from '../options.ts';
import type { BackpressureOperator } from './BackpressureOperator.ts';
import { drain } from './drain.ts';
import { checkRoom, type LimitOptions, type Limits, limitsOf, overflow } from './limits.ts';
import type { Items, Waiting } from './Waiting.ts';

/** Options of {@link onBackpressureLatest}. The limits are for the keys: without `key` there is one value at most. */
export interface LatestOptions<T> extends LimitOptions {
  /** What a value is about; the newest of each key is kept. It sees the `data` of a message. @defaultValue one key for all */
  readonly key?: ((data: DataOf<T>) => unknown) | undefined;
}

/**
 * Keeps the newest value, or the newest of each key, while a client cannot take more: for tickers and dashboards.
 *
 * ```
 * source  -a-b-c---d-e|
 * ready   --f----t-----      f: not ready, t: ready
 * output  -a-----c-d-e|      b was replaced by c
 * ```
 *
 * A key that is replaced moves to the end, so values are released in the order in which they arrived.
 *
 * ```ts
 * ticks.pipe(toEventSource(res, { backpressure: onBackpressureLatest({ key: (tick) => tick.symbol }) }));
 * ```
 *
 * *Bounds*: one value, or one for each key within `maxCount` and `maxBytes`. Notices wait beside them.
 *
 * *Drops*: each value that a newer one replaces (reason `replaced`).
 *
 * *Errors*: `ERR_OVERFLOW` when there are more keys than may wait; `ERR_INVALID_OPTION` at once for a wrong option.
 */
export function onBackpressureLatest<T>(options: LatestOptions<T> = {}): BackpressureOperator<T> {
  const limits = limitsOf('onBackpressureLatest', options, ['key']);
  const key = optionalFunction('key', options.key) as ((data: unknown) => unknown) | undefined;
  return drain((items) => new LatestWaiting(items, limits, key));
}

class LatestWaiting<Item> implements Waiting<Item> {
  readonly #items: Items<Item>;
  readonly #limits: Limits;
  readonly #key: ((data: unknown) => unknown) | undefined;
  readonly #newest = new Map<unknown, { item: Item; bytes: number }>();
  /** Where `shift` stands. A new iterator would walk over all that was taken out before, each time. */
  #order: MapIterator<[unknown, { item: Item; bytes: number }]> | undefined;
  bytes = 0;

  constructor(items: Items<Item>, limits: Limits, key: ((data: unknown) => unknown) | undefined) {
    this.#items = items;
    this.#limits = limits;
    this.#key = key;
  }

  get size(): number {
    return this.#newest.size;
  }

  push(item: Item): void {
    const bytes = this.#items.bytesOf(item);
    const key = this.#items.isNotice(item) ? Symbol('notice') : this.#key?.(this.#items.dataOf(item));
    const replaced = this.#newest.get(key);
    if (replaced !== undefined) {
      this.#take(key, replaced.bytes);
      this.#items.dropped(replaced.item, 'replaced');
    }
    if (this.size >= this.#limits.maxCount) throw overflow(this.#limits, 'events', this.size + 1);
    checkRoom(this.#limits, this, this.#items.waiting, bytes);
    this.#newest.set(key, { item, bytes });
    this.bytes += bytes;
  }

  shift(): Item {
    this.#order ??= this.#newest.entries();
    const [key, { item, bytes }] = this.#order.next().value as [unknown, { item: Item; bytes: number }];
    this.#take(key, bytes);
    return item;
  }

  #take(key: unknown, bytes: number): void {
    this.#newest.delete(key);
    this.bytes -= bytes;
    // An iterator that has come to its end stays there, whatever is added afterwards.
    if (this.#newest.size === 0) this.#order = undefined;
  }
}
