import { isTickHeard } from '../diagnostics.ts';
import { byteLength, bytesOf, room } from '../encoding/bytes.ts';
import { bytesPerUnit, type Frame } from '../encoding/Frame.ts';
import type { Waiter } from './budget.ts';

/**
 * What will leave as one write, as a chain that all clients of a tick share: `add` with the same frame gives the same
 * batch, so clients that got the same frames stand at the same batch, and its bytes are joined once for them all.
 * A `filter` of one client's own splits the chain where that client differs, and nowhere else.
 *
 * What one client alone gets is no frame but text, at the end of a chain of its own.
 */
export class Batch {
  readonly #before: Batch | undefined;
  readonly #frame: Frame | undefined;
  /** In place of a frame. */
  #text = '';
  /** How many texts that is. */
  #texts = 0;
  /** Bounds of its size in bytes. They are the size itself once it was measured. */
  #atLeast: number;
  #atMost: number;
  /** The last batch that this one was continued to. Frames come one after the other, each to all clients, so one is enough. */
  #after: Batch | undefined;
  #bytes: Uint8Array | undefined;
  #chunk: Uint8Array | undefined;
  #waiter: Waiter | undefined;
  /** When the first of it came, in ms of `performance.now()`; 0 where nobody wants to know. */
  #since: number;

  /** One frame alone. */
  static of(frame: Frame): Batch {
    return new Batch(new Batch(), frame);
  }

  constructor(before?: Batch, frame?: Frame) {
    this.#before = before;
    this.#frame = frame;
    this.#atLeast = (before === undefined ? 0 : before.#atLeast) + (frame === undefined ? 0 : frame.atLeast);
    this.#atMost = (before === undefined ? 0 : before.#atMost) + (frame === undefined ? 0 : frame.atMost);
    if (before === undefined) this.#since = 0;
    else if (before.#before !== undefined) this.#since = before.#since;
    else this.#since = isTickHeard() ? performance.now() : 0;
  }

  get isEmpty(): boolean {
    return this.#before === undefined;
  }

  /** This batch and one more frame. */
  add(frame: Frame): Batch {
    if (this.#after === undefined || this.#after.#frame !== frame) this.#after = new Batch(this, frame);
    return this.#after;
  }

  /**
   * This batch and what one client alone gets, which needs to be neither a frame nor a batch: a stream of a million events
   * would spend half of its time on them. A text that was measured stays as it is, so that none is measured twice.
   */
  addText(text: string): Batch {
    const grows = this.#frame === undefined && this.#atLeast !== this.#atMost;
    const batch = grows ? this : new Batch(this);
    batch.#text += text;
    batch.#texts += 1;
    batch.#atLeast += text.length;
    batch.#atMost += text.length * bytesPerUnit;
    return batch;
  }

  /** When the first of it came, in ms of `performance.now()`; 0 where nobody listened then. */
  get since(): number {
    return this.#since;
  }

  /** It comes anew, for another client. */
  comeAgain(): void {
    this.#since = isTickHeard() ? performance.now() : 0;
  }

  /** Some of it has waited since then. */
  heldSince(time: number): void {
    if (this.#since === 0 || time < this.#since) this.#since = time;
  }

  /** How many events there are in it. Counted now. */
  get events(): number {
    let events = 0;
    for (let batch: Batch = this; batch.#before !== undefined; batch = batch.#before)
      events += batch.#frame === undefined ? batch.#texts : batch.#frame.events;
    return events;
  }

  /** Lets go of all that this one was continued to. */
  forget(): void {
    this.#after = undefined;
  }

  /** Its size in bytes. */
  get length(): number {
    if (this.#atLeast !== this.#atMost) {
      this.#atLeast = this.#measure();
      this.#atMost = this.#atLeast;
    }
    return this.#atLeast;
  }

  /** Whether it has fewer bytes than that. It is measured only where the bounds do not tell: a dozen times in 64 KiB. */
  isBelow(limit: number): boolean {
    return this.#atMost < limit || (this.#atLeast < limit && this.length < limit);
  }

  /** All of it, joined. */
  get bytes(): Uint8Array {
    if (this.#frame !== undefined && this.#before?.isEmpty) return this.#frame.bytes;
    this.#bytes ??= this.#join('', '');
    return this.#bytes;
  }

  /** All of it, joined, as one chunk of HTTP/1.1's chunked coding (RFC 9112, section 7.1). */
  get chunk(): Uint8Array {
    this.#chunk ??= this.#join(`${this.length.toString(16)}\r\n`, '\r\n');
    return this.#chunk;
  }

  /** What counts for those who wait for it, without what it was made of: a socket has only the bytes. */
  get waiter(): Waiter {
    this.#waiter ??= { length: this.length, waiters: 0 };
    return this.#waiter;
  }

  /** The bytes of each frame, in order; of texts that one client alone gets, those that came together are one. */
  frames(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    let batch: Batch = this;
    for (; batch.#before !== undefined; batch = batch.#before) frames.push(batch.#frame?.bytes ?? bytesOf(batch.#text));
    return frames.reverse();
  }

  /** The text that this one adds, `undefined` where it is bytes already. */
  get #addedText(): string | undefined {
    return this.#frame === undefined ? this.#text : this.#frame.text;
  }

  /** What came since it was last measured, in one go. */
  #measure(): number {
    let text = '';
    let length = 0;
    let batch: Batch = this;
    for (; batch.#before !== undefined && batch.#atLeast !== batch.#atMost; batch = batch.#before) {
      const added = batch.#addedText;
      if (added === undefined) length += batch.#frame?.length ?? 0;
      else text = added + text;
    }
    return length + byteLength(text) + batch.#atLeast;
  }

  /** One conversion for all where they are texts: a `Buffer.from` for each costs more than all else of an event. */
  #join(head: string, tail: string): Uint8Array {
    const text = this.#joinedText();
    return text === undefined ? this.#joinBytes(head, tail) : bytesOf(head + text + tail);
  }

  #joinedText(): string | undefined {
    let text = '';
    for (let batch: Batch = this; batch.#before !== undefined; batch = batch.#before) {
      const added = batch.#addedText;
      if (added === undefined) return undefined;
      text = added + text;
    }
    return text;
  }

  #joinBytes(head: string, tail: string): Uint8Array {
    const before = byteLength(head);
    let end = before + this.length;
    const bytes = room(end + byteLength(tail));
    bytes.set(bytesOf(tail), end);
    for (let batch: Batch = this; batch.#before !== undefined; batch = batch.#before) {
      const added = batch.#frame?.bytes ?? bytesOf(batch.#text);
      end -= added.length;
      bytes.set(added, end);
    }
    bytes.set(bytesOf(head));
    return bytes;
  }
}
