import type { Encoder } from './Encoder.ts';
import type { Frame } from './Frame.ts';

/** What has been encoded already, for one encoder. A list, because there are one or two of them, and mostly one. */
class Slot {
  readonly encoder: Encoder;
  readonly next: Slot | undefined;
  frame: Frame | undefined;
  /** The last text or number that came out of the clients' operators. */
  derived: Frame | undefined;

  constructor(encoder: Encoder, next: Slot | undefined) {
    this.encoder = encoder;
    this.next = next;
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
  #slots: Slot | undefined;

  constructor(value: unknown) {
    this.value = value;
  }

  /** The frame of `value` for this encoder, made at the first call. */
  frame(encoder: Encoder, make: (encoder: Encoder, value: unknown) => Frame): Frame {
    const slot = this.#slot(encoder);
    slot.frame ??= make(encoder, this.value);
    return slot.frame;
  }

  /**
   * The frame of what a client's operators made of the value. Texts and numbers that are equal share one:
   * `store.pipe(map((x) => x.toFixed(3)))` for each of a thousand clients is encoded once. Objects never do, as an
   * operator that fills one scratch object for client after client would send the first one's to all.
   */
  derivedFrame(encoder: Encoder, value: string | number, make: (encoder: Encoder, value: unknown) => Frame): Frame {
    const slot = this.#slot(encoder);
    if (slot.derived?.value !== value) slot.derived = make(encoder, value);
    return slot.derived as Frame;
  }

  /** Delivers `value` to one observer or to many, with this as the emission in progress. */
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

  #slot(encoder: Encoder): Slot {
    for (let slot = this.#slots; slot !== undefined; slot = slot.next) if (slot.encoder === encoder) return slot;
    this.#slots = new Slot(encoder, this.#slots);
    return this.#slots;
  }
}

let current: Emission | undefined;

/** The emission that is being delivered, if this is within one. */
export function emissionInProgress(): Emission | undefined {
  return current;
}
