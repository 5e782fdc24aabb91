// Not one that a WebSocket frame of these sizes has in its header, as 0x7e is.
const caret = 0x5e;
/** `00000012:0000001234567890`: number and time of publishing, in microseconds. */
const markLength = 25;

/**
 * Counts the events of one connection by the one `^` that each has, so that it does not matter where chunks begin and
 * end. With `observe` it reads the marks as well.
 */
export class EventCounter {
  count = 0;
  readonly #observe: ((seq: number, time: number) => void) | undefined;
  /** The beginning of a mark whose end is still to come. */
  #begun: string | undefined;

  constructor(observe?: (seq: number, time: number) => void) {
    this.#observe = observe;
  }

  /** Takes what was read, and says how many events began in it. */
  take(bytes: Buffer): number {
    const before = this.count;
    if (this.#begun !== undefined)
      this.#mark(this.#begun + bytes.toString('latin1', 0, markLength - this.#begun.length));
    for (let at = bytes.indexOf(caret); at !== -1; at = bytes.indexOf(caret, at + 1)) {
      this.count += 1;
      if (this.#observe !== undefined) this.#mark(bytes.toString('latin1', at + 1, at + 1 + markLength));
    }
    return this.count - before;
  }

  #mark(text: string): void {
    this.#begun = text.length < markLength ? text : undefined;
    if (this.#begun === undefined) this.#observe?.(Number(text.slice(0, 8)), Number(text.slice(9)));
  }
}
