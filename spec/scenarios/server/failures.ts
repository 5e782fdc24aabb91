// A store with a hundred clients, of whom one has something of its own that throws.
import { subscribe } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';
import { finalize, map, type Observable, of } from 'rxjs';
import {
  type BackpressureOperator,
  type ConnectionEvent,
  type ErrorReport,
  onBackpressureLatest,
  QueueStore,
  type Transport,
  toSink,
} from 'tornadose';
import type { OpenDoors, Ports } from './doors.ts';
import type { ScenarioServer } from './host.ts';
import { serveSources } from './sources.ts';

/** What of one client throws: at its third event or value, or when it leaves. */
export type Fault = 'mapper' | 'strategy' | 'key' | 'transport' | 'teardown';

/** How a source ends, or one of several. */
export type Ending = 'complete' | 'error' | 'a part completes';

/** What was told since the store was made. */
export interface Told {
  /** How often the fault was thrown. */
  readonly thrown: number;
  /** How many connections closed. */
  readonly closes: number;
  /** How many of them with the error that was thrown, as it is. */
  readonly asThrown: number;
  /** How often it was reported as an error that belongs to no connection. */
  readonly reports: number;
}

export type FailureOrders = {
  /** `/` is a client like all others, `/fault` the one with the fault. */
  open(): Promise<Ports>;
  /** A new store. */
  make(details: { readonly fault?: Fault }): void;
  /** So many, two in a turn. */
  publish(details: { readonly from: number; readonly count: number }): Promise<void>;
  end(how: Ending): void;
  told(): Told;
  connections(): Promise<number>;
};

const thrown = new Error('a fault of one client');
let store = new QueueStore<number>();
let fault: Fault | undefined;
let doors: OpenDoors;
let told = { thrown: 0, closes: 0, asThrown: 0, reports: 0 };

subscribe('tornadose:error', (report) => {
  const { error } = report as ErrorReport;
  // RxJS wraps what teardowns throw.
  const { errors = [error] } = error as { errors?: unknown[] };
  if (errors.includes(thrown)) told.reports += 1;
});

subscribe('tornadose:connection', (report) => {
  if ((report as { event: ConnectionEvent }).event.type === 'close') told.closes += 1;
});

function observe(event: ConnectionEvent): void {
  if (event.type === 'close' && event.reason === 'error' && event.error === thrown) told.asThrown += 1;
}

/** Throws at the third call. */
function atTheThird<T>(): (value: T) => T {
  let count = 0;
  return (value) => {
    count += 1;
    if (count === 3) throwFault();
    return value;
  };
}

function throwFault(): never {
  told.thrown += 1;
  throw thrown;
}

/** Strategies of the client with the fault: one of the application's own, and one that has a function of it. */
const strategies: { readonly [Name in Fault]?: () => BackpressureOperator<number> } = {
  strategy: () => () => map(atTheThird()),
  key: () => onBackpressureLatest({ key: atTheThird<number>() }),
};

function faulty(source: Observable<number>): Observable<number> {
  if (fault === 'mapper') return source.pipe(map(atTheThird()));
  return fault === 'teardown' ? source.pipe(finalize(throwFault)) : source;
}

function brokenTransport(): Transport {
  const write = atTheThird<boolean>();
  const nothing = (): void => {};
  return { waiting: 0, write: () => write(true), onDrain: nothing, onClose: nothing, end: nothing, destroy: nothing };
}

const encoder = { name: 'lines', encode: ({ data }: { readonly data: unknown }): string => `${data}\n` };

const orders: FailureOrders = {
  async open() {
    doors = await serveSources(({ pathname }, connect) => {
      if (pathname === '/') connect(store).subscribe(observe);
      // Of the two in a turn, one is the strategy's.
      else
        connect(faulty(store), { backpressure: strategies[fault ?? 'mapper']?.(), outboxBytes: 1 }).subscribe(observe);
    });
    return doors.ports;
  },
  make(details) {
    store = new QueueStore();
    fault = details.fault;
    told = { thrown: 0, closes: 0, asThrown: 0, reports: 0 };
    if (fault === 'transport') store.pipe(toSink(brokenTransport(), encoder, { heartbeat: false })).subscribe(observe);
  },
  async publish({ from, count }) {
    for (let n = from; n < from + count; n += 1) {
      store.next(n);
      if (n % 2 === 1) await turn();
    }
  },
  end(how) {
    if (how === 'complete') store.complete();
    else if (how === 'error') store.error(thrown);
    else store.feed(of(-1));
  },
  told: () => told,
  connections: () => doors.connections(),
};

export const server: ScenarioServer = { observers: () => store.observers.length, orders };
