import { isTickHeard, reportTick } from '../diagnostics.ts';
import type { Batch } from './Batch.ts';

/** On `tornadose:tick`: what was written in a tick, one report for each sink. */
export interface TickReport {
  /** The encoder's name: `event-stream`, `websocket`, or that of one's own. */
  readonly sink: string;
  /** How many writes there were: one for each client that something came for, seldom more. */
  readonly writes: number;
  /** How many events that was, over all clients. */
  readonly events: number;
  /** And how many bytes, of events, positions and heartbeats; chunked coding, HTTP/2, TLS and pings come on top. */
  readonly bytes: number;
  /**
   * For each write that had events, for how many ms the first of them has waited: for the end of the tick, and before that
   * in a strategy of the library's. Left out where it came before anybody listened.
   */
  readonly delays: readonly number[];
}

class Sum {
  readonly sink: string;
  writes = 0;
  events = 0;
  bytes = 0;
  readonly delays: number[] = [];

  constructor(sink: string) {
    this.sink = sink;
  }
}

/** Sums up what is written in a tick. */
export class TickTally {
  readonly #sums = new Map<string, Sum>();
  /** Clients that share a batch mostly come one after the other. */
  #batch: Batch | undefined;
  #events = 0;

  wrote(sink: string, batch: Batch): void {
    let sum = this.#sums.get(sink);
    if (sum === undefined) {
      sum = new Sum(sink);
      this.#sums.set(sink, sum);
    }
    if (batch !== this.#batch) {
      this.#batch = batch;
      this.#events = batch.events;
    }
    sum.writes += 1;
    sum.events += this.#events;
    sum.bytes += batch.length;
    if (batch.since !== 0 && this.#events > 0) sum.delays.push(performance.now() - batch.since);
  }

  report(): void {
    for (const sum of this.#sums.values()) reportTick(sum satisfies TickReport);
  }
}

/** That of this tick; none while nobody listens, so that a write costs a look at this. */
export let tally: TickTally | undefined;

/** A tick begins. */
export function beginTally(): void {
  if (tally === undefined && isTickHeard()) tally = new TickTally();
}

/** It ends. What its end has brought about is written in the next one. */
export function endTally(): void {
  if (tally === undefined) return;
  const ended = tally;
  tally = isTickHeard() ? new TickTally() : undefined;
  ended.report();
}
