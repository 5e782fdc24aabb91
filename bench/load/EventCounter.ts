// Not one that a WebSocket frame of these sizes has in its header, as 0x7e is.
const caret = 0x5e;
/** `00000012:0000001234567890`: number and time of publishing, in microseconds. */
const markLength = 25;
const seqLength = 8;
const zero = 0x30;

/** The number that these bytes are the digits of, or NaN: a string of each mark would take longer than some servers. */
function digits(bytes: Buffer, begin: number, end: number): number {
  let value = 0;
  for (let at = begin; at < end; at += 1) {
    const digit = (bytes[at] as number) - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * Counts the events of one connection by the one `^` that each has, so that it does not matter where chunks begin and
 * end. With `observe` it reads the marks as well.
 */
export class EventCounter {
  count = 0;
  readonly #observe: ((seq: number, time: number) => void) | undefined;
  /** The beginning of a mark whose end is still to come. */
  #begun: Buffer | undefined;

  constructor(observe?: (seq: number, time: number) => void) {
    this.#observe = observe;
  }

  /** Takes what was read, and says how many events began in it. */
  take(bytes: Buffer): number {
    const before = this.count;
    if (this.#begun !== undefined)
      this.#mark(Buffer.concat([this.#begun, bytes.subarray(0, markLength - this.#begun.length)]), 0);
    for (let at = bytes.indexOf(caret); at !== -1; at = bytes.indexOf(caret, at + 1)) {
      this.count += 1;
      if (this.#observe !== undefined) this.#mark(bytes, at + 1);
    }
    return this.count - before;
  }

  #mark(bytes: Buffer, at: number): void {
    const end = at + markLength;
    // What was read into is read into again.
    this.#begun = end > bytes.length ? Buffer.from(bytes.subarray(at)) : undefined;
    if (this.#begun === undefined)
      this.#observe?.(digits(bytes, at, at + seqLength), digits(bytes, at + seqLength + 1, end));
  }
}
