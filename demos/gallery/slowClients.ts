import { interval, skipWhile, takeUntil, timer } from 'rxjs';
import {
  type BackpressureOperator,
  DataStore,
  Message,
  onBackpressureBuffer,
  onBackpressureDrop,
  onBackpressureLatest,
  onBackpressureReduce,
  QueueStore,
} from 'tornadose';
import { type Progress, SlowClient, type Ticks } from './SlowClient.ts';

/** `draining` is when no more ticks come, and the clients get what waits for them. */
type Phase = 'stopped' | 'running' | 'draining';

export interface SlowClients {
  readonly phase: Phase;
  /** The number of the newest tick. */
  readonly published: number;
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
export const slowClients: DataStore<Message<SlowClients>> = new DataStore(told('stopped', 0, []));

/** How many more ticks there are at most after a stop, and how many of them in a row `drop` is to lose at the end. */
const last = 100;
const lost = 10;

let run: { readonly phase: Phase; stop(): void; end(): void } | undefined;

/** Starts them anew, unless they run. */
export function startSlowClients(): void {
  if (run?.phase === 'running') return;
  run?.end();
  run = begin();
}

/** Ends the ticks; the clients go when they have got what waits for them. */
export function stopSlowClients(): void {
  run?.stop();
}

function begin(): NonNullable<typeof run> {
  let phase: Phase = 'running';
  let published = 0;
  let left = Number.POSITIVE_INFINITY;
  let dropped = 0;
  let inARow = 0;
  const clients = Object.entries(strategies).map(
    ([name, strategy]) => new SlowClient(name, strategy, name === 'quick' ? Number.POSITIVE_INFINITY : slow, ticks),
  );
  const dropping = clients.find(({ strategy }) => strategy === 'drop');
  const tell = (): void => {
    const progress = clients.map((client) => client.progress(published));
    slowClients.data = told(phase, published, progress);
  };
  const end = (): void => {
    if (phase === 'stopped') return;
    phase = 'stopped';
    publishing.unsubscribe();
    telling.unsubscribe();
    tell();
    for (const client of clients) client.stop();
  };
  const drain = (): void => {
    if (phase !== 'running') return;
    phase = 'draining';
    publishing.unsubscribe();
    for (const client of clients) client.finish();
    tell();
  };

  /**
   * Three ticks in four come while a slow client is busy, and so shall the last ones: the other strategies bring the
   * newest later, and `drop` never does.
   */
  const lastWereDropped = (): boolean => {
    const before = dropped;
    dropped = dropping?.dropped ?? 0;
    inARow = dropped > before ? inARow + 1 : 0;
    return inARow >= lost;
  };

  const publishing = interval(every)
    .pipe(
      // All are to be counted against the same ticks.
      skipWhile(() => !clients.every(({ hasCome }) => hasCome)),
      takeUntil(timer(longest)),
    )
    .subscribe({
      next: () => {
        if (left === 0 || (lastWereDropped() && left !== Number.POSITIVE_INFINITY)) {
          drain();
          return;
        }
        left -= 1;
        published += 1;
        ticks.next({ from: published, to: published, load });
      },
      complete: drain,
    });
  const telling = interval(250).subscribe(() => {
    if (clients.every(({ hasEnded }) => hasEnded)) end();
    else tell();
  });
  tell();
  return {
    get phase() {
      return phase;
    },
    stop() {
      left = Math.min(left, last);
    },
    end,
  };
}

function told(phase: Phase, published: number, clients: readonly Progress[]): Message<SlowClients> {
  return new Message({ event: 'slow-clients', data: { phase, published, clients } });
}
