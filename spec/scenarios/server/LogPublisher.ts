import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { TornadoseError } from 'tornadose';
import { type Counts, count } from '../support/counts.ts';
import { marked } from '../support/marks.ts';

/** What is to be published: events with numbers, at a pace. */
export interface LogLoad {
  /** The number of the first one. */
  readonly from: number;
  readonly count: number;
  readonly bytes: number;
  /** @defaultValue a thousand in each turn of the event loop */
  readonly perSecond?: number;
  /** Whether each is published again, with the same key, until it is acknowledged. @defaultValue false */
  readonly insists?: boolean;
}

/** What became of it. */
export interface Publication {
  /** The numbers of those that were acknowledged, in the order of the acknowledgements. */
  readonly acknowledged: readonly number[];
  /** How often a publish was refused, by code. */
  readonly refused: Readonly<Counts>;
  /** How many ms a publish took until it was settled, at most. */
  readonly slowest: number;
  /** For how many ms none was acknowledged, at most. */
  readonly longestSilence: number;
}

type Submit = (value: string, key: string | undefined) => unknown;

/** For how many ms one waits, at least, until what was refused is tried again. Thousands that did so at once would be a load. */
const pause = 250;

/** Publishes to a log, and again where that is asked for, without waiting for one before the next. */
export class LogPublisher {
  readonly #submit: Submit;
  readonly #load: LogLoad;
  readonly #acknowledged: number[] = [];
  readonly #refused: Counts = {};
  #unsettled = 0;
  #slowest = 0;
  #longestSilence = 0;
  #lastAt = performance.now();
  #stopped = false;

  constructor(submit: Submit, load: LogLoad) {
    this.#submit = submit;
    this.#load = load;
  }

  async publish(): Promise<Publication> {
    const { from, count, bytes, perSecond } = this.#load;
    const begun = performance.now();
    for (let n = 0; n < count && !this.#stopped; n += 1) {
      if (perSecond === undefined) {
        if (n % 1_000 === 999) await turn();
      } else {
        const early = (n * 1000) / perSecond - (performance.now() - begun);
        if (early > 1) await sleep(early);
      }
      this.#unsettled += 1;
      this.#try(from + n, marked(from + n, bytes));
    }
    while (this.#unsettled > 0) await sleep(5);
    return {
      acknowledged: this.#acknowledged,
      refused: this.#refused,
      slowest: this.#slowest,
      longestSilence: this.#longestSilence,
    };
  }

  /** Publishes no more, but what was refused again. */
  stop(): void {
    this.#stopped = true;
  }

  #try(seq: number, value: string): void {
    const begun = performance.now();
    const answer = this.#submit(value, this.#load.insists ? `${seq}` : undefined);
    if (!(answer instanceof Promise)) {
      this.#accepted(seq, begun);
      return;
    }
    answer.then(
      () => this.#accepted(seq, begun),
      (error: unknown) => this.#failed(seq, value, begun, error),
    );
  }

  #accepted(seq: number, begun: number): void {
    const at = performance.now();
    this.#slowest = Math.max(this.#slowest, at - begun);
    this.#longestSilence = Math.max(this.#longestSilence, at - this.#lastAt);
    this.#lastAt = at;
    this.#acknowledged.push(seq);
    this.#unsettled -= 1;
  }

  #failed(seq: number, value: string, begun: number, error: unknown): void {
    this.#slowest = Math.max(this.#slowest, performance.now() - begun);
    count(this.#refused, TornadoseError.is(error) ? error.code : String(error));
    if (this.#load.insists) setTimeout(() => this.#try(seq, value), pause * (1 + Math.random()));
    else this.#unsettled -= 1;
  }
}
