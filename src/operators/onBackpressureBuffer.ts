import { oneOf } from '../options.ts';
import type { BackpressureOperator } from './BackpressureOperator.ts';
import { drain } from './drain.ts';
import { type LimitOptions, type Limits, limitsOf, overflow, tooMany } from './limits.ts';
import { Queue } from './Queue.ts';
import type { Items, Waiting } from './Waiting.ts';

/** What to do when more would wait than may. `newest` is the incoming value. */
export type OverflowPolicy = 'error' | 'dropOldest' | 'dropNewest';

/** Options of {@link onBackpressureBuffer}. */
export interface BufferOptions extends LimitOptions {
  /**
   * `'error'` ends the client, which comes back (an EventSource does); `'dropOldest'` and `'dropNewest'` (the incoming one) let
   * a value go and report it. @defaultValue 'error'
   */
  readonly overflow?: OverflowPolicy | undefined;
}

/**
 * Keeps what a client cannot take yet, in order, up to a limit. This is the default of every sink.
 *
 * ```
 * source  -a-b-c---d-e|
 * ready   --f----t-----      f: not ready, t: ready
 * output  -a-----(bc)d-e|    wait: b and c went when the client was ready again
 * ```
 *
 * ```ts
 * store.pipe(toEventSource(res, { backpressure: onBackpressureBuffer({ maxBytes: 256 * 1024, overflow: 'dropOldest' }) }));
 * ```
 *
 * *Bounds*: `maxCount` values and `maxBytes` bytes; what waits in the outbox and the socket counts as well. An event
 * larger than the limit still goes to a client for whom nothing waits.
 *
 * *Drops*: with `dropOldest` (reason `oldest`) and `dropNewest` (reason `newest`) each one that had to go; a `Gap` never.
 *
 * *Errors*: `ERR_OVERFLOW` with `error`, or when nothing but notices could be dropped; `ERR_INVALID_OPTION` at once for
 * a wrong option.
 */
export function onBackpressureBuffer<T>(options: BufferOptions = {}): BackpressureOperator<T> {
  const limits = limitsOf('onBackpressureBuffer', options, ['overflow']);
  const policy = oneOf('overflow', options.overflow, ['error', 'dropOldest', 'dropNewest'], 'error');
  return drain((items) => new BufferWaiting(items, limits, policy), true);
}

class BufferWaiting<Item> implements Waiting<Item> {
  readonly #items: Items<Item>;
  readonly #limits: Limits;
  readonly #policy: OverflowPolicy;
  readonly #queue = new Queue<Item>();
  /** Notices that stayed when what was older and newer than they had to go. */
  readonly #notices = new Queue<Item>();

  constructor(items: Items<Item>, limits: Limits, policy: OverflowPolicy) {
    this.#items = items;
    this.#limits = limits;
    this.#policy = policy;
  }

  get size(): number {
    return this.#notices.size + this.#queue.size;
  }

  get bytes(): number {
    return this.#notices.bytes + this.#queue.bytes;
  }

  push(item: Item): void {
    const bytes = this.#items.bytesOf(item);
    if (!this.#fits(bytes) && !this.#makeRoom(item, bytes)) return;
    this.#queue.push(item, bytes);
  }

  shift(): Item {
    return this.#notices.size > 0 ? this.#notices.shift() : this.#queue.shift();
  }

  #fits(bytes: number): boolean {
    return this.size < this.#limits.maxCount && !tooMany(this.#limits, this.bytes + this.#items.waiting, bytes);
  }

  /** Whether there is room for the item now; `false` says that it was the one to go. */
  #makeRoom(item: Item, bytes: number): boolean {
    if (this.#policy === 'dropOldest' && this.#wouldFit(bytes)) {
      while (this.#queue.size > 0 && !this.#fits(bytes)) this.#dropOldest();
      if (this.#fits(bytes)) return true;
    }
    if (this.#policy !== 'error' && !this.#items.isNotice(item)) {
      // With dropOldest too: what is left is notices, and what waits behind this strategy and cannot be taken back.
      this.#items.dropped(item, 'newest');
      return false;
    }
    if (this.size >= this.#limits.maxCount) throw overflow(this.#limits, 'events', this.size + 1);
    throw overflow(this.#limits, 'bytes', this.bytes + this.#items.waiting + bytes);
  }

  /** Whether it would fit if all but notices were gone. If not, it would cost them for nothing. */
  #wouldFit(bytes: number): boolean {
    return !tooMany(this.#limits, this.#notices.bytes + this.#items.waiting, bytes);
  }

  #dropOldest(): void {
    const oldest = this.#queue.shift();
    if (this.#items.isNotice(oldest)) this.#notices.push(oldest, this.#items.bytesOf(oldest));
    else this.#items.dropped(oldest, 'oldest');
  }
}
