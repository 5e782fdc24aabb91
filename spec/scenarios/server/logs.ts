// Logs and channels behind SSE, each under its name: what clients come back to.
import { subscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import { merge, type Observable } from 'rxjs';
import { type ErrorReport, lastEventId, QueueStore, TornadoseError, toEventSource } from 'tornadose';
import { json, RedisStore, RedisStreamStore } from 'tornadose/redis';
import { listen } from '../../support/listen.ts';
import { connectTo } from '../support/connectTo.ts';
import { type Counts, count } from '../support/counts.ts';
import type { RedisAddress } from '../support/RedisAddress.ts';
import type { ScenarioServer } from './host.ts';
import { type LogLoad, LogPublisher, type Publication } from './LogPublisher.ts';

/** What a log or a channel is to be. */
export interface LogSettings {
  /** The path that it is served under, and its key or channel. */
  readonly name: string;
  readonly store: 'queue' | 'stream' | 'pubsub' | 'sharded';
  readonly otherwise?: 'live' | 'earliest';
  /** How many messages it retains. */
  readonly size?: number;
  /** For how many ms. */
  readonly ttl?: number;
  /** How long a publish may take, in ms. */
  readonly timeout?: number;
}

/** What clients got that did not get all. */
export interface Tally {
  /** How many connections were closed, by reason. */
  readonly closed: Readonly<Counts>;
  readonly dropped: number;
  /** What was reported on `tornadose:error`, by what was being done and code. */
  readonly reported: Readonly<Counts>;
}

export type LogOrders = {
  /** Listens, on the port that it gives. `version` is that of ioredis. */
  open(settings: { readonly redis?: RedisAddress; readonly version?: 5 | 6 }): Promise<number>;
  add(settings: LogSettings): void;
  publish(load: LogLoad & { readonly log: string }): Promise<Publication>;
  /** Has all `publish` that are going on come to their end. */
  stop(): void;
  tally(): Tally;
  /** Closes all. */
  close(): Promise<void>;
};

interface Hosted {
  readonly store: { readonly observed: boolean; close(): Promise<void> };
  since(position: string | undefined): Observable<unknown>;
  submit(value: string, key: string | undefined): unknown;
}

const logs = new Map<string, Hosted>();
const publishers = new Set<LogPublisher>();
const tally = { closed: {} as Counts, dropped: 0, reported: {} as Counts };
let redis: Awaited<ReturnType<typeof connectTo>> | undefined;

subscribe('tornadose:error', (report) => {
  const { during, error } = report as ErrorReport;
  count(tally.reported, `${during}: ${TornadoseError.is(error) ? error.code : String(error)}`);
});

const http = createServer((req, res) => {
  const log = logs.get(new URL(req.url ?? '', 'http://127.0.0.1').pathname.slice(1));
  if (log === undefined) {
    res.writeHead(404).end();
    return;
  }
  log
    .since(lastEventId(req))
    .pipe(toEventSource(res))
    .subscribe((event) => {
      if (event.type === 'drop') tally.dropped += event.count;
      if (event.type === 'close') count(tally.closed, event.reason);
    });
});

function hosted({ name, store: kind, otherwise, size, ttl, timeout }: LogSettings): Hosted {
  if (kind === 'queue') {
    const store = new QueueStore<string>({ history: { size, ttl } });
    return {
      store,
      since: (position) => store.since(position, { otherwise }),
      submit: (value) => store.submit(value),
    };
  }
  if (redis === undefined) throw new Error('There is no Redis for it');
  if (kind === 'stream') {
    const store = new RedisStreamStore<string>({ redis, key: name, codec: json, maxLength: size, ttl, timeout });
    return {
      store,
      since: (position) => store.since(position, { otherwise }),
      submit: (value, key) => store.submit(value, { key }),
    };
  }
  const store = new RedisStore({ redis, channel: name, timeout, ...(kind === 'sharded' ? { sharded: true } : {}) });
  return { store, since: () => merge(store, store.gaps), submit: (value) => store.submit(value) };
}

const orders: LogOrders = {
  async open(settings) {
    if (settings.redis !== undefined) redis = await connectTo(settings.redis, settings.version);
    return listen(http);
  },
  add: (settings) => void logs.set(settings.name, hosted(settings)),
  async publish({ log, ...load }) {
    const to = logs.get(log);
    if (to === undefined) throw new Error(`There is no log ${log}`);
    const publisher = new LogPublisher((value, key) => to.submit(value, key), load);
    publishers.add(publisher);
    const publication = await publisher.publish();
    publishers.delete(publisher);
    return publication;
  },
  stop() {
    for (const publisher of publishers) publisher.stop();
  },
  tally: () => tally,
  async close() {
    for (const { store } of logs.values()) await store.close();
    left = observed();
    // What they retain is theirs to keep, and not a leak.
    logs.clear();
    redis?.disconnect();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  },
};

/** How many are followed though they were closed. */
let left = 0;
const observed = (): number => Array.from(logs.values()).filter(({ store }) => store.observed).length;

export const server: ScenarioServer = { observers: () => observed() + left, orders };
