/** What instruments are made with: the `Meter` of `@opentelemetry/api` has it. */
export interface MeterLike {
  createCounter(name: string, options?: InstrumentOptions): CounterLike;
  createHistogram(name: string, options?: InstrumentOptions): HistogramLike;
  createObservableUpDownCounter(name: string, options?: InstrumentOptions): ObservableLike;
}

/** What is said of an instrument when it is made. */
export interface InstrumentOptions {
  description?: string;
  /** In the case-sensitive form of UCUM: `By`, `s`, `{connection}`. */
  unit?: string;
  advice?: { explicitBucketBoundaries?: number[] };
}

/** What a figure is told apart by. */
export type InstrumentAttributes = Record<string, string | boolean>;

/** Counts. */
export interface CounterLike {
  add(value: number, attributes?: InstrumentAttributes): void;
}

/** Records how often a value was in which range. */
export interface HistogramLike {
  record(value: number, attributes?: InstrumentAttributes): void;
}

/** Asks for its values when they are collected. */
export interface ObservableLike {
  addCallback(callback: (result: ObservableResultLike) => void): void;
  removeCallback(callback: (result: ObservableResultLike) => void): void;
}

/** What is told when an instrument asks. */
export interface ObservableResultLike {
  observe(value: number, attributes?: InstrumentAttributes): void;
}
