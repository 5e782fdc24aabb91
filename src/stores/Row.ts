/** A queue whose entries are numbered from 1 on, for those who stand at a number while the oldest go. */
export class Row<T> {
  /** A ring would be of a fixed size: this is cut when half of it is gone. */
  #entries: (T | undefined)[] = [];
  #head = 0;
  #start = 0;

  /** The number of the last entry that is gone. */
  get start(): number {
    return this.#start;
  }

  /** The number of the last entry; 0 before the first one. */
  get end(): number {
    return this.#start + this.size;
  }

  get size(): number {
    return this.#entries.length - this.#head;
  }

  /** The oldest entry, if there is one. */
  get first(): T | undefined {
    return this.#entries[this.#head];
  }

  /** The entry with this number, which is above `start` and at most `end`. */
  at(number: number): T {
    return this.#entries[this.#head + number - this.#start - 1] as T;
  }

  push(entry: T): void {
    this.#entries.push(entry);
  }

  /** Lets the oldest go, which there is. */
  shift(): T {
    const oldest = this.#entries[this.#head] as T;
    this.#entries[this.#head] = undefined;
    this.#head += 1;
    this.#start += 1;
    if (this.#head >= 64 && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return oldest;
  }

  /** Lets all go. */
  clear(): void {
    this.#start = this.end;
    this.#entries = [];
    this.#head = 0;
  }
}
