/** One message in the bytes of one encoder. Frames are shared by all clients, so nobody writes to their bytes. */
export class Frame {
  readonly value: unknown;
  /** `undefined` when the value cannot be sent. */
  readonly bytes: Uint8Array | undefined;

  constructor(value: unknown, bytes: Uint8Array | undefined) {
    this.value = value;
    this.bytes = bytes;
  }

  /** Its size in bytes. */
  get length(): number {
    return this.bytes?.length ?? 0;
  }
}
