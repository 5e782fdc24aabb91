// Stores whose observers publish the next value from within the delivery of the last.
import { type Subscription, tap } from 'rxjs';
import { DataStore, onBackpressureBuffer, QueueStore, TornadoseError } from 'tornadose';
import type { OpenDoors, Ports } from './doors.ts';
import type { ScenarioServer } from './host.ts';
import { serveSources } from './sources.ts';

export interface Run {
  readonly store: 'data' | 'queue';
  /** Where the observer stands that publishes. */
  readonly place: Place;
}

/** Ahead of the clients, between them, behind them, or in the operators of one of them. */
export type Place = 'ahead' | 'between' | 'behind' | 'within';

export type ReentranceOrders = {
  open(): Promise<Ports>;
  /** A store for the clients that come next, to `/`. */
  make(run: Run & { readonly depth: number }): void;
  /** Has the observer that publishes take its place, if it is here. */
  stand(at: Place): void;
  /** Publishes 0, and with it all that follows. Gives what the store says is its value then, and its answer to an endless one. */
  publish(): { readonly latest: number | undefined; readonly refused: string | undefined };
  /** Has it leave. */
  rest(): void;
  connections(): Promise<number>;
};

let store: DataStore<number> | QueueStore<number>;
let run: Run & { readonly depth: number };
let refused: string | undefined;
let doors: OpenDoors;
let standing: Subscription | undefined;
// 10,000 events, all in one tick.
const backpressure = onBackpressureBuffer<number>({ maxBytes: 16 * 1024 * 1024 });

function goOn(value: number): void {
  if (value >= run.depth) return;
  try {
    store.next(value + 1);
  } catch (error) {
    refused = TornadoseError.is(error) ? error.code : String(error);
  }
}

const orders: ReentranceOrders = {
  async open() {
    doors = await serveSources((url, connect) => {
      const source = run.place === 'within' && url.pathname === '/first' ? store.pipe(tap(goOn)) : store;
      void connect(source, { backpressure });
    });
    return doors.ports;
  },
  make(given) {
    run = given;
    refused = undefined;
    store = run.store === 'data' ? new DataStore<number>() : new QueueStore<number>();
  },
  stand(at) {
    if (at === run.place) standing = store.subscribe(goOn);
  },
  publish() {
    store.next(0);
    return { latest: store instanceof DataStore ? store.data : undefined, refused };
  },
  rest: () => standing?.unsubscribe(),
  connections: () => doors.connections(),
};

export const server: ScenarioServer = { observers: () => store?.observers.length ?? 0, orders };
