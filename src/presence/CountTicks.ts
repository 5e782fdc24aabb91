import { unref } from '../unref.ts';

/** Something whose count is told now and then. */
export interface Counted {
  tellCount(): void;
}

/** One timer for the counts of all topics: each is told once in `interval` ms at most, when it has changed. */
export class CountTicks {
  readonly #interval: number;
  readonly #changed = new Set<Counted>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(interval: number) {
    this.#interval = interval;
  }

  add(counted: Counted): void {
    this.#changed.add(counted);
    this.#timer ??= unref(setTimeout(() => this.#run(), this.#interval));
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed.clear();
  }

  #run(): void {
    this.#timer = undefined;
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const counted of changed) counted.tellCount();
  }
}
