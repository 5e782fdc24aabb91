/**
 * A first-in, first-out queue of items and their sizes. An array's `shift` moves everything that is left, which for a
 * queue of thousands costs more than what it delivers.
 */
export class Queue<Item> {
  #items: (Item | undefined)[] = [];
  #sizes: number[] = [];
  #head = 0;
  bytes = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item, bytes = 0): void {
    this.#items.push(item);
    this.#sizes.push(bytes);
    this.bytes += bytes;
  }

  shift(): Item {
    const item = this.#items[this.#head] as Item;
    this.bytes -= this.#sizes[this.#head] as number;
    // Let go of it now: the place itself is reclaimed later.
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#sizes = [];
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
