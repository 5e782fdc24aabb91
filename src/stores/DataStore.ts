import { Emission } from '../encoding/Emission.ts';
import { Store } from './Store.ts';

/**
 * Holds the latest value: a new client sees it at once, and then every change.
 *
 * ```ts
 * const temperature = new DataStore(21.5);
 * temperature.data = 22;
 * temperature.pipe(toEventSource(res));     // data: 22
 * ```
 *
 * *Promise*: every client converges on the latest value, also one whose strategy skips some
 * (`onBackpressureLatest()` is usually what one wants here).
 *
 * *End*: after `complete` or `error` nothing is replayed. For a store of your own, extend `Store`.
 */
export interface DataStore<T, Data = T | undefined> extends Store<T> {
  /** The last value that was accepted; a newcomer gets the last one that was *emitted*, so that it misses none. */
  get data(): Data;
  set data(value: T);
  submit(value: T): void;
}

/** Makes a {@link DataStore}; with an initial value, `data` is always a `T`. */
export interface DataStoreConstructor {
  new <T>(): DataStore<T>;
  new <T>(initial: T): DataStore<T, T>;
  readonly prototype: DataStore<unknown>;
}

export const DataStore: DataStoreConstructor = class DataStore<T> extends Store<T> {
  #data: T | undefined;
  #emission: Emission | undefined;

  constructor(...initial: [] | [T]) {
    super();
    if (initial.length === 0) return;
    this.#data = initial[0];
    this.#emission = new Emission(initial[0]);
  }

  get data(): T | undefined {
    return this.#data;
  }

  set data(value: T) {
    this.next(value);
  }

  submit(value: T): void {
    const before = this.#data;
    if (!this.isEnding) this.#data = value;
    try {
      this.emit(value);
    } catch (error) {
      this.#data = before;
      throw error;
    }
  }

  protected override emitting(emission: Emission): void {
    this.#emission = emission;
  }

  protected override welcome(): Emission | undefined {
    return this.#emission;
  }
};
