import { interval, map, type Subscription, takeUntil, timer } from 'rxjs';
import {
  type BackpressureOperator,
  DataStore,
  Message,
  onBackpressureBuffer,
  onBackpressureDrop,
  onBackpressureLatest,
  onBackpressureReduce,
  QueueStore,
  toEventSource,
} from 'tornadose';
import { narrowServer } from '../support/narrowServer.ts';
import { ThrottledClient } from '../support/ThrottledClient.ts';

export interface Ticks {
  readonly from: number;
  readonly to: number;
  readonly load: string;
}

/** How one client gets on. */
interface Progress {
  readonly strategy: string;
  /** Events that came, and the ticks that they stand for. */
  events: number;
  ticks: number;
  /** How far it is behind, in ticks. */
  behind: number;
  dropped: number;
  /** How often it was too slow for its strategy, and its connection ended. */
  cutOff: number;
}

export interface SlowClients {
  readonly running: boolean;
  readonly clients: readonly Progress[];
}

/** Fifty ticks of 8 KB a second; a slow client reads a quarter of that. */
const every = 20;
const load = '.'.repeat(8000);
const slow = 100_000;
const maxBytes = 500_000;
/** Nobody should find the fans of their machine running because a button was pressed yesterday. */
const longest = 120_000;

const strategies: Readonly<Record<string, BackpressureOperator<Ticks>>> = {
  quick: onBackpressureBuffer({ maxBytes }),
  error: onBackpressureBuffer({ maxBytes, overflow: 'error' }),
  dropOldest: onBackpressureBuffer({ maxBytes, overflow: 'dropOldest' }),
  latest: onBackpressureLatest(),
  reduce: onBackpressureReduce((held, incoming) => ({ ...incoming, from: held.from })),
  drop: onBackpressureDrop(),
};

/** What the slow clients are sent. */
export const ticks: QueueStore<Ticks> = new QueueStore();

/** How they get on, four times a second while they run. */
export const slowClients: DataStore<Message<SlowClients>> = new DataStore(
  told(false, Object.keys(strategies).map(beginning)),
);

let running: Subscription | undefined;

export function startSlowClients(): void {
  if (running !== undefined) return;
  let tick = 0;
  const clients = Object.entries(strategies).map(([strategy, operator]) => start(strategy, operator, () => tick));
  const stop = timer(longest);
  running = interval(every)
    .pipe(
      map(() => {
        tick += 1;
        return { from: tick, to: tick, load };
      }),
      takeUntil(stop),
    )
    .subscribe({ next: (each) => ticks.next(each), complete: stopSlowClients });
  const progress = (): Progress[] => clients.map((client) => client.progress());
  running.add(slowClients.feed(interval(250).pipe(map(() => told(true, progress())))));
  running.add(() => {
    slowClients.data = told(false, progress());
    for (const client of clients) client.stop();
  });
  slowClients.data = told(true, progress());
}

export function stopSlowClients(): void {
  running?.unsubscribe();
  running = undefined;
}

function start(strategy: string, backpressure: BackpressureOperator<Ticks>, latest: () => number) {
  const progress = beginning(strategy);
  let at = latest();
  const server = narrowServer((_req, res) => {
    ticks.pipe(toEventSource(res, { backpressure })).subscribe((event) => {
      if (event.type === 'drop') progress.dropped += event.count;
      if (event.type === 'close' && event.reason === 'overflow') progress.cutOff += 1;
    });
  });
  const client = new ThrottledClient(server.path, strategy === 'quick' ? Number.POSITIVE_INFINITY : slow, (data) => {
    const { from, to } = JSON.parse(data) as Ticks;
    progress.events += 1;
    progress.ticks += to - from + 1;
    at = to;
  });
  return {
    progress: (): Progress => ({ ...progress, behind: latest() - at }),
    stop(): void {
      client.stop();
      server.close();
    },
  };
}

function beginning(strategy: string): Progress {
  return { strategy, events: 0, ticks: 0, behind: 0, dropped: 0, cutOff: 0 };
}

function told(running: boolean, clients: readonly Progress[]): Message<SlowClients> {
  return new Message({ event: 'slow-clients', data: { running, clients } });
}
