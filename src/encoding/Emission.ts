import { memo } from '../memo.ts';
import { dataOf } from '../message.ts';
import type { Frame } from './Frame.ts';

/** What has been encoded already, for one encoder. */
class Slot {
  readonly encoder: object;
  frame: Frame | undefined;
  /** The last text or number that came out of the clients' operators. */
  derived: Frame | undefined;

  constructor(encoder: object) {
    this.encoder = encoder;
  }
}

/**
 * One value on its way from a store to all of its clients: what makes "encoded once" possible without a cache that
 * could go stale.
 *
 * A store delivers within its emission (`run`), and sinks ask the emission in progress for the frame. When the same
 * object is published again it is another emission, so an object that was changed in between is encoded again.
 */
export class Emission {
  readonly value: unknown;
  /** The JSON of its data, where a log has made it already. @internal */
  json: string | undefined;
  /** It cannot be sent as JSON, and somebody has said so. @internal */
  isReported = false;
  /** The first encoder's. There is mostly one. */
  #slot: Slot | undefined;
  /** The others', weakly: the value of a DataStore may stand for long, while clients with encoders of their own come and go. */
  #others: WeakMap<object, Slot> | undefined;

  constructor(value: unknown) {
    this.value = value;
  }

  /** The frame of `value` for this encoder, made at the first call. @internal */
  frame<E extends object>(encoder: E, make: (encoder: E, value: unknown) => Frame): Frame {
    const slot = this.#slotOf(encoder);
    slot.frame ??= make(encoder, this.value);
    return slot.frame;
  }

  /**
   * The frame of what a client's operators made of the value. Texts and numbers that are equal share one:
   * `store.pipe(map((x) => x.toFixed(3)))` for each of a thousand clients is encoded once. Objects never do, as an
   * operator that fills one scratch object for client after client would send the first one's to all.
   * @internal
   */
  derivedFrame<E extends object>(encoder: E, value: unknown, make: (encoder: E, value: unknown) => Frame): Frame {
    const slot = this.#slotOf(encoder);
    if (slot.derived === undefined || !Object.is(slot.derived.value, value)) slot.derived = make(encoder, value);
    return slot.derived as Frame;
  }

  /** Delivers `value` to one observer or to many, with this as the emission in progress. @internal */
  run<T>(observer: { next(value: T): void }): void {
    const outer = current;
    current = this;
    try {
      observer.next(this.value as T);
    } finally {
      // A store may be fed from within another one's delivery.
      current = outer;
    }
  }

  #slotOf(encoder: object): Slot {
    this.#slot ??= new Slot(encoder);
    if (this.#slot.encoder === encoder) return this.#slot;
    this.#others ??= new WeakMap();
    return memo(this.#others, encoder, (other) => new Slot(other));
  }
}

let current: Emission | undefined;

/** The JSON of the data of the emission that is being delivered, if somebody has made it, and if this is that data. */
export function jsonInProgress(data: unknown): string | undefined {
  return current?.json !== undefined && dataOf(current.value) === data ? current.json : undefined;
}

/** The emission that is being delivered, if this is within one. */
export function emissionInProgress(): Emission | undefined {
  return current;
}
