// The process of a scenario's server: `host.ts <module>`. It takes orders from its parent, and ends with it.
import { setImmediate as turn } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import { type Counts, count } from '../support/counts.ts';
import { liveTimers } from './liveTimers.ts';
import { takePeakRss } from './peakRss.ts';

/** What a module for this process exports as `server`. */
export interface ScenarioServer {
  /** How many subscriptions its stores have. */
  observers(): number;
  readonly orders: { readonly [name: string]: (details: never) => unknown };
}

/** How the process is. Sizes in bytes. */
export interface Vitals {
  readonly rss: number;
  /** The highest `rss` since the last time. */
  readonly peakRss: number;
  readonly heapUsed: number;
  /** Outside of the heap, but held by what is in it. */
  readonly external: number;
  /** What keeps the event loop running, by kind. */
  readonly resources: Readonly<Counts>;
  /** Timers of the server's own, also those that would not keep the process running. */
  readonly timers: number;
  readonly observers: number;
  /** Uncaught exceptions, unhandled rejections and warnings. */
  readonly troubles: readonly string[];
}

export type HostOrders = {
  /** With `collect`, after the garbage was collected. */
  vitals(details: { readonly collect: boolean }): Promise<Vitals>;
  observers(): number;
  /** How many promises are neither settled nor garbage. */
  pendingPromises(): number;
};

// Node opens it when something first asks for it, and that is no leak.
void process.stderr;

// First, so that a module that cannot be loaded ends the process.
const { server } = (await import(`./${process.argv[2]}.ts`)) as { readonly server: ScenarioServer };

const troubles: string[] = [];
process.on('uncaughtException', (error) => troubles.push(`uncaught: ${error?.stack}`));
process.on('unhandledRejection', (error) =>
  troubles.push(`unhandled: ${error instanceof Error ? error.stack : error}`),
);
process.on('warning', (warning) => {
  // Of `queryObjects`, below.
  if (warning.name !== 'ExperimentalWarning') troubles.push(`warning: ${warning.stack}`);
});

const host: HostOrders = {
  async vitals({ collect }) {
    for (let times = 0; collect && times < 4; times += 1) {
      globalThis.gc?.();
      await turn();
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    const resources: Counts = {};
    for (const kind of process.getActiveResourcesInfo()) count(resources, kind);
    const timers = liveTimers();
    const observers = server.observers();
    return { rss, peakRss: takePeakRss(), heapUsed, external, resources, timers, observers, troubles };
  },
  observers: () => server.observers(),
  pendingPromises: () =>
    queryObjects(Promise, { format: 'summary' }).filter((each) => each.includes('<pending>')).length,
};

const orders = { ...host, ...server.orders } as Readonly<Record<string, (details: unknown) => unknown>>;

process.on('message', async ({ id, name, details }: { id: number; name: string; details: unknown }) => {
  try {
    process.send?.({ id, answer: await orders[name]?.(details) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? error.stack : String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.send?.({ id: -1 });
