/** Takes the chunked coding of HTTP/1.1 off a body (RFC 9112, section 7.1), strictly. */
export class ChunkedBody {
  /** Whether the last chunk, the empty one, has come. */
  ended = false;
  readonly #take: (bytes: Buffer) => void;
  #left = 0;
  #line = '';

  constructor(take: (bytes: Buffer) => void) {
    this.#take = take;
  }

  write(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const part = bytes.subarray(at, at + this.#left);
        this.#take(part);
        this.#left -= part.length;
        at += part.length;
        // The line end after the data.
        if (this.#left === 0) this.#line = '-';
        continue;
      }
      const end = bytes.indexOf(0x0a, at);
      this.#line += bytes.toString('latin1', at, end === -1 ? bytes.length : end + 1);
      if (end === -1) return;
      at = end + 1;
      this.#header();
    }
  }

  #header(): void {
    const line = this.#line;
    this.#line = '';
    if (line === '-\r\n' || (this.ended && line === '\r\n')) return;
    if (!/^[0-9a-f]+\r\n$/i.test(line)) throw new Error(`Expected the size of a chunk, got ${JSON.stringify(line)}`);
    this.#left = Number.parseInt(line, 16);
    this.ended = this.#left === 0;
  }
}
