import { bytesOf, room } from '../encoding/bytes.ts';
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
    if (this.count === 1) return this.frame?.bytes as Uint8Array;
    this.#bytes ??= this.#join(0, 0);
    return this.#bytes;
  }

  /** The frames, joined, as one chunk of HTTP/1.1's chunked coding (RFC 9112, section 7.1). */
  get chunk(): Uint8Array {
    if (this.#chunk === undefined) {
      const head = bytesOf(`${this.length.toString(16)}\r\n`);
      this.#chunk = this.#join(head.length, crlf.length);
      this.#chunk.set(head, 0);
      this.#chunk.set(crlf, head.length + this.length);
    }
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

  #join(before: number, after: number): Uint8Array {
    const bytes = room(before + this.length + after);
    let end = before + this.length;
    for (let batch: Batch | undefined = this; batch?.frame !== undefined; batch = batch.before) {
      end -= batch.frame.length;
      bytes.set(batch.frame.bytes as Uint8Array, end);
    }
    return bytes;
  }
}

const crlf = bytesOf('\r\n');
