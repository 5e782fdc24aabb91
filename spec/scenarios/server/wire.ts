// A store to which everything is published that parsers are known to trip over.
import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { type ErrorReport, Message, onBackpressureBuffer, QueueStore, TornadoseError, toEventSource } from 'tornadose';
import { refusedFields, vectors } from '../../wire/vectors.ts';
import { type OpenDoors, openDoors, type Ports } from './doors.ts';
import type { ScenarioServer } from './host.ts';

/** What was published, and what was refused with a typed error. */
export interface WirePublication {
  readonly published: number;
  /** How many messages could not even be made. */
  readonly unmade: number;
  /** How many values were reported as what cannot be sent. */
  readonly unsent: number;
}

export type WireOrders = {
  /** `/stream` is the event stream, all else a page. */
  open(): Promise<Ports>;
  publish(): Promise<WirePublication>;
  connections(): Promise<number>;
};

// What it retains is not to be judged, and is megabytes.
const store = new QueueStore<unknown>({ history: { size: 1 } });
let doors: OpenDoors;
let unsent = 0;

subscribe('tornadose:error', (report) => {
  if (TornadoseError.is((report as ErrorReport).error, 'ERR_UNSERIALISABLE')) unsent += 1;
});

// Heartbeats are the comments, and come in every pause.
const options = { backpressure: onBackpressureBuffer<unknown>({ maxBytes: 64 * 2 ** 20 }), heartbeat: 5, retry: 2_000 };

function isRefused(fields: (typeof refusedFields)[number]): boolean {
  try {
    store.next(new Message(fields));
    return false;
  } catch (error) {
    return TornadoseError.is(error, 'ERR_INVALID_MESSAGE');
  }
}

const orders: WireOrders = {
  async open() {
    doors = await openDoors({
      http(req, res) {
        // Clients that keep connections for the next request would keep them for seconds.
        res.setHeader('Connection', 'close');
        if (req.url === '/stream') void store.pipe(toEventSource(res, options));
        else res.setHeader('Content-Type', 'text/html').end('<!doctype html><title>wire</title>');
      },
      http2: (_req, res) => void store.pipe(toEventSource(res, options)),
    });
    return doors.ports;
  },
  async publish() {
    let published = 0;
    const unmade = refusedFields.filter(isRefused).length;
    for (const [index, { value }] of vectors.entries()) {
      store.next(value);
      published += 1;
      // Several in a tick, one in a tick, and a comment between.
      if (index % 3 === 0) await turn();
      if (index % 16 === 0) await sleep(10);
    }
    store.complete();
    return { published, unmade, unsent };
  },
  connections: () => doors.connections(),
};

export const server: ScenarioServer = { observers: () => store.observers.length, orders };
