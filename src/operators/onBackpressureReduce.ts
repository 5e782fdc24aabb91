import type { DataOf } from '../message.ts';
import { checkNames, invalidOption } from '../options.ts';
import type { BackpressureOperator } from './BackpressureOperator.ts';
import { drain } from './drain.ts';
import { checkRoom, type LimitOptions, type Limits, limitsOf, overflow } from './limits.ts';
import { Queue } from './Queue.ts';
import type { Items, Waiting } from './Waiting.ts';

/** Options of {@link onBackpressureReduce}. */
export type ReduceOptions = Pick<LimitOptions, 'maxBytes'>;

/**
 * Merges what a client cannot take yet into one value: for counters, sums, and sets of changes.
 *
 * ```
 * source  -1-2-3---4-5|
 * ready   --f----t-----      f: not ready, t: ready
 * output  -1-----5-4-5|      fn is (a, b) => a + b: 2 and 3 became 5
 * ```
 *
 * ```ts
 * clicks.pipe(toEventSource(res, { backpressure: onBackpressureReduce((a, b) => a + b) }));
 * ```
 *
 * `fn` sees the `data` of messages and returns new data; the merged message keeps the newest one's id and name.
 * It sees what was emitted earlier, long after: a value that is changed and published again would be merged with itself.
 * A `Gap` is never merged: it comes between what was merged before it and after it.
 *
 * *Bounds*: one value, of `maxBytes` (and an eighth of it, as it is not measured at each merge) with what waits behind it.
 *
 * *Drops*: none; merging is what was asked for.
 *
 * *Errors*: `ERR_OVERFLOW` when the merged value has grown too large; what `fn` throws ends the client;
 * `ERR_INVALID_OPTION` at once for a wrong option.
 */
export function onBackpressureReduce<T>(
  fn: (held: DataOf<T>, incoming: DataOf<T>) => DataOf<T>,
  options: ReduceOptions = {},
): BackpressureOperator<T> {
  if (typeof fn !== 'function') throw invalidOption('fn', 'a function', fn);
  checkNames('onBackpressureReduce', options, ['maxBytes']);
  const limits = limitsOf('onBackpressureReduce', options);
  return drain((items) => new ReduceWaiting(items, limits, fn as (held: unknown, incoming: unknown) => unknown));
}

class ReduceWaiting<Item> implements Waiting<Item> {
  readonly #items: Items<Item>;
  readonly #limits: Limits;
  readonly #fn: (held: unknown, incoming: unknown) => unknown;
  /** Notices, and what was merged before them. */
  readonly #settled = new Queue<Item>();
  #merged: { item: Item } | undefined;
  /** The size of `#merged` when it was last measured, and what was merged into it since. */
  #measured = 0;
  #added = 0;

  constructor(items: Items<Item>, limits: Limits, fn: (held: unknown, incoming: unknown) => unknown) {
    this.#items = items;
    this.#limits = limits;
    this.#fn = fn;
  }

  get size(): number {
    return this.#settled.size + (this.#merged === undefined ? 0 : 1);
  }

  get bytes(): number {
    return this.#settled.bytes + this.#measured + this.#added;
  }

  push(item: Item): void {
    const bytes = this.#items.bytesOf(item);
    if (this.#items.isNotice(item)) {
      this.#settle();
      checkRoom(this.#limits, this, this.#items.waiting, bytes);
      this.#settled.push(item, bytes);
    } else if (this.#merged === undefined) {
      checkRoom(this.#limits, this, this.#items.waiting, bytes);
      this.#merged = { item };
      this.#measured = bytes;
    } else {
      const data = this.#fn(this.#items.dataOf(this.#merged.item), this.#items.dataOf(item));
      this.#merged.item = this.#items.merged(this.#merged.item, item, data);
      this.#added += bytes;
      const { maxBytes } = this.#limits;
      // Merging often makes things no larger, so what came in is only a reason to measure. An eighth at least, as
      // measuring is encoding: near the limit it would be done for each event.
      const room = maxBytes - this.#items.waiting - this.#measured - this.#settled.bytes;
      if (this.#added > Math.max(room, maxBytes / 8)) this.#measure();
    }
  }

  shift(): Item {
    return this.#settled.size > 0 ? this.#settled.shift() : this.#takeMerged();
  }

  #takeMerged(): Item {
    const { item } = this.#merged as { item: Item };
    this.#merged = undefined;
    this.#measured = 0;
    this.#added = 0;
    return item;
  }

  #settle(): void {
    if (this.#merged === undefined) return;
    const item = this.#takeMerged();
    this.#settled.push(item, this.#items.bytesOf(item));
  }

  #measure(): void {
    this.#measured = this.#items.bytesOf((this.#merged as { item: Item }).item);
    this.#added = 0;
    const waiting = this.bytes + this.#items.waiting;
    if (waiting > this.#limits.maxBytes) throw overflow(this.#limits, 'bytes', waiting);
  }
}
