import { Position } from '../message.ts';
import { byteLength, bytesOf } from './bytes.ts';

/** A code unit of a text has three bytes of UTF-8 at most. */
export const bytesPerUnit = 3;

/**
 * One message as an encoder wrote it. A text stays one until somebody needs its bytes, or their exact number: frames that
 * leave together are joined and measured as one text, as doing so for each costs more than all else of an event. Frames
 * are shared by all clients, so nobody writes to them.
 */
export class Frame {
  readonly value: unknown;
  /** How many events it is: heartbeats and positions are none. */
  readonly events: number;
  /** Bounds of its size in bytes, which cost nothing to know. Both are 0 when there is nothing to send. */
  atLeast: number;
  atMost: number;
  /** For how many clients it waits: the budget's. */
  waiters = 0;
  /** When it was last held back for a client, in ms of `performance.now()`; 0 where nobody wants to know. */
  heldAt = 0;
  #content: string | Uint8Array | undefined;

  /** Without `content` the value cannot be sent. */
  constructor(value: unknown, content: string | Uint8Array | undefined, events?: number) {
    this.value = value;
    // What cannot be encoded may be nothing that one can look at either.
    this.events = content === undefined ? 0 : (events ?? eventsIn(value));
    this.#content = content;
    this.atLeast = content?.length ?? 0;
    this.atMost = typeof content === 'string' ? content.length * bytesPerUnit : this.atLeast;
  }

  /** Its size in bytes. */
  get length(): number {
    if (this.atLeast !== this.atMost) {
      this.atLeast = typeof this.#content === 'string' ? byteLength(this.#content) : 0;
      this.atMost = this.atLeast;
    }
    return this.atLeast;
  }

  get isUnserialisable(): boolean {
    return this.#content === undefined;
  }

  /** The text, while nobody has asked for the bytes. */
  get text(): string | undefined {
    return typeof this.#content === 'string' ? this.#content : undefined;
  }

  get bytes(): Uint8Array {
    if (typeof this.#content === 'string') {
      this.#content = bytesOf(this.#content);
      this.atLeast = this.#content.length;
      this.atMost = this.atLeast;
    }
    return this.#content as Uint8Array;
  }
}

function eventsIn(value: unknown): number {
  return value === undefined || value instanceof Position ? 0 : 1;
}
