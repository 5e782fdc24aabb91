/**
 * How long to wait before the next try: twice as long each time, at random down to the half, so that the processes that
 * lost one Redis do not come back all at once.
 */
export class Backoff {
  readonly #least: number;
  readonly #most: number;
  #tries = 0;

  constructor(least: number, most: number) {
    this.#least = least;
    this.#most = most;
  }

  /** In ms. */
  next(): number {
    const delay = Math.min(this.#least * 2 ** this.#tries, this.#most);
    this.#tries += 1;
    return delay * (1 - Math.random() / 2);
  }

  reset(): void {
    this.#tries = 0;
  }
}
