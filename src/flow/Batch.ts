import { byteLength, bytesOf, room } from '../encoding/bytes.ts';
import type { Frame } from '../encoding/Frame.ts';

/**
 * Frames that will leave as one write, as a chain that all clients of a tick share: `add` with the same frame gives the
 * same batch, so clients that got the same frames stand at the same batch, and its bytes are joined once for them all.
 * A `filter` of one client's own splits the chain where that client differs, and nowhere else.
 */
export class Batch {
  readonly before: Batch | undefined;
  readonly frame: Frame | undefined;
  /** Its size in bytes. */
  readonly length: number;
  /** How many frames it has. */
  readonly count: number;
  /** The last batch that this one was continued to. Frames come one after the other, each to all clients, so one is enough. */
  #after: Batch | undefined;
  #bytes: Uint8Array | undefined;
  #chunk: Uint8Array | undefined;

  constructor(before?: Batch, frame?: Frame) {
    this.before = before;
    this.frame = frame;
    this.length = (before?.length ?? 0) + (frame?.length ?? 0);
    this.count = before === undefined ? 0 : before.count + 1;
  }

  /** This batch and one more frame. */
  add(frame: Frame): Batch {
    if (this.#after?.frame !== frame) this.#after = new Batch(this, frame);
    return this.#after as Batch;
  }

  /** Lets go of all that this one was continued to. */
  forget(): void {
    this.#after = undefined;
  }

  /** The frames, joined. */
  get bytes(): Uint8Array {
    this.#bytes ??= this.count === 1 ? this.frame?.bytes : this.#join('', '');
    return this.#bytes as Uint8Array;
  }

  /** The frames, joined, as one chunk of HTTP/1.1's chunked coding (RFC 9112, section 7.1). */
  get chunk(): Uint8Array {
    this.#chunk ??= this.#join(`${this.length.toString(16)}\r\n`, '\r\n');
    return this.#chunk;
  }

  /** The bytes of each frame, in order. */
  frames(): Uint8Array[] {
    const frames: Uint8Array[] = new Array(this.count);
    let batch: Batch | undefined = this;
    for (let index = this.count - 1; index >= 0; index -= 1) {
      frames[index] = batch?.frame?.bytes as Uint8Array;
      batch = batch?.before;
    }
    return frames;
  }

  /** One conversion for all frames where they are texts: a `Buffer.from` for each costs more than all else of an event. */
  #join(head: string, tail: string): Uint8Array {
    const text = this.#text();
    return text === undefined ? this.#joinBytes(head, tail) : bytesOf(head + text + tail);
  }

  #text(): string | undefined {
    let text = '';
    for (let batch: Batch | undefined = this; batch?.frame !== undefined; batch = batch.before) {
      const { text: each } = batch.frame;
      if (each === undefined) return undefined;
      text = each + text;
    }
    return text;
  }

  #joinBytes(head: string, tail: string): Uint8Array {
    const before = byteLength(head);
    let end = before + this.length;
    const bytes = room(end + byteLength(tail));
    bytes.set(bytesOf(tail), end);
    for (let batch: Batch | undefined = this; batch?.frame !== undefined; batch = batch.before) {
      end -= batch.frame.length;
      bytes.set(batch.frame.bytes, end);
    }
    bytes.set(bytesOf(head));
    return bytes;
  }
}
