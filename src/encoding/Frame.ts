import { byteLength, bytesOf } from './bytes.ts';

/**
 * One message as an encoder wrote it. A text stays one until somebody needs its bytes: frames that leave together are
 * joined as texts first, as making bytes is what costs. Frames are shared by all clients, so nobody writes to them.
 */
export class Frame {
  readonly value: unknown;
  /** Its size in bytes; 0 when there is nothing to send. */
  readonly length: number;
  #content: string | Uint8Array | undefined;

  /** Without `content` the value cannot be sent. */
  constructor(value: unknown, content: string | Uint8Array | undefined) {
    this.value = value;
    this.#content = content;
    this.length = typeof content === 'string' ? byteLength(content) : (content?.length ?? 0);
  }

  get isUnserialisable(): boolean {
    return this.#content === undefined;
  }

  /** The text, while nobody has asked for the bytes. */
  get text(): string | undefined {
    return typeof this.#content === 'string' ? this.#content : undefined;
  }

  get bytes(): Uint8Array {
    if (typeof this.#content === 'string') this.#content = bytesOf(this.#content);
    return this.#content as Uint8Array;
  }
}
