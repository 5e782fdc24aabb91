import type { Encoder } from '../encoding/Encoder.ts';
import { encode } from '../encoding/encodeOnce.ts';
import { Frame } from '../encoding/Frame.ts';
import { dataOf, isNotice, mergedWith } from '../message.ts';
import type { Items, Strategy, Waiting } from '../operators/Waiting.ts';
import { beginWait, endWait } from './budget.ts';

/** Stands for the bytes of a frame that a strategy made and that nobody has asked for yet. */
const unencoded = new Uint8Array(0);

/** What the frames of one client are held for. */
export interface HeldOwner {
  readonly encoder: Encoder;
  /** How many bytes wait behind the strategy. */
  readonly behind: number;
  countDrop(reason: string, bytes: number): void;
}

/** What a built-in strategy holds for one client, as frames, which are encoded already. Made when there is first something to hold. */
export class Held implements Items<Frame> {
  readonly #owner: HeldOwner;
  readonly #strategy: Waiting<Frame>;
  /** What a strategy made of several frames is this client's alone; the frames themselves are counted one by one. */
  readonly #made = { length: 0, waiters: 0 };
  #frames = 0;
  #frameBytes = 0;

  constructor(owner: HeldOwner, strategy: Strategy) {
    this.#owner = owner;
    this.#strategy = strategy.hold(this);
  }

  get size(): number {
    return this.#strategy.size;
  }

  get bytes(): number {
    return this.#strategy.bytes;
  }

  /** Keeps a frame, or lets one go. @throws TornadoseError `ERR_OVERFLOW`, and what a strategy's function throws */
  push(frame: Frame): void {
    this.#enter(frame);
    try {
      this.#strategy.push(frame);
    } catch (error) {
      // It may have become part of another one before.
      if (this.#frames > this.size) this.#leave(frame);
      throw error;
    }
    this.#countMade();
  }

  /** The next frame to go. Called only while `size` is not 0. */
  shift(): Frame {
    const frame = this.#strategy.shift();
    this.#leave(frame);
    this.#countMade();
    if (frame.length > 0) return frame;
    const encoded = encode(this.#owner.encoder, frame.value);
    encoded.heldAt = frame.heldAt;
    return encoded;
  }

  /** Lets all go. */
  clear(): void {
    while (this.size > 0) this.#leave(this.#strategy.shift());
    this.#countMade();
  }

  // ── what the strategy asks and tells ───────────────────────────────────────────────────────────────────────────

  get waiting(): number {
    return this.#owner.behind;
  }

  bytesOf(frame: Frame): number {
    return frame.length === 0 ? encode(this.#owner.encoder, frame.value).length : frame.length;
  }

  dropped(frame: Frame, why: string): void {
    this.#leave(frame);
    this.#owner.countDrop(why, frame.length);
  }

  dataOf(frame: Frame): unknown {
    return dataOf(frame.value);
  }

  merged(held: Frame, incoming: Frame, data: unknown): Frame {
    // First, as a message of a class of one's own may refuse.
    const value = mergedWith(held.value, incoming.value, data);
    this.#leave(held);
    this.#leave(incoming);
    const frame = new Frame(value, unencoded);
    frame.heldAt = held.heldAt;
    this.#enter(frame);
    return frame;
  }

  isNotice(frame: Frame): boolean {
    return isNotice(frame.value);
  }

  // ── what counts in the budget of the process ───────────────────────────────────────────────────────────────────

  #enter(frame: Frame): void {
    beginWait(frame);
    this.#frames += 1;
    this.#frameBytes += frame.length;
  }

  #leave(frame: Frame): void {
    endWait(frame);
    this.#frames -= 1;
    this.#frameBytes -= frame.length;
  }

  #countMade(): void {
    const length = this.bytes - this.#frameBytes;
    if (length === this.#made.length) return;
    if (this.#made.length > 0) endWait(this.#made);
    this.#made.length = length;
    if (length > 0) beginWait(this.#made);
  }
}
