import { setTimeout as sleep } from 'node:timers/promises';
import { ensurePrograms } from './programs.ts';

/** Before all specs, once. */
export function mochaGlobalSetup(): void {
  ensurePrograms();
}

/** What keeps a process running, by kind. Not timers: the deadline of a spec's own waiting may still be set when it is met. */
function openResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (kind !== 'Timeout') counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

let openBefore = new Map<string, number>();
const { setTimeout: realTimeout, setImmediate: realImmediate } = globalThis;

/** Of each file where they run side by side, of all of them otherwise. */
export const mochaHooks = {
  beforeAll(): void {
    openBefore = openResources();
  },
  /** What is left open would keep a user's program running. What closes may take its time. */
  async afterAll(): Promise<void> {
    if (globalThis.setTimeout !== realTimeout || globalThis.setImmediate !== realImmediate)
      throw new Error('The specs left a clock of their own in place of the real one');
    let left: string[] = [];
    for (const ends = performance.now() + 5000; performance.now() < ends; await sleep(10)) {
      left = [...openResources()].filter(([kind, count]) => count > (openBefore.get(kind) ?? 0)).map(([kind]) => kind);
      if (left.length === 0) return;
    }
    throw new Error(`The specs left something open, which keeps Node running: ${left.join(', ')}`);
  },
};

/** After all specs, once. Node ends by itself when nothing is left open; what is left open would be so in a user's program. */
export function mochaGlobalTeardown(): void {
  setTimeout(() => {
    console.error(
      `The specs left something open, which keeps Node running: ${process.getActiveResourcesInfo().join(', ')}`,
    );
    process.exit(1);
  }, 5000).unref();
}

/** Now and then tsx looks through its cache, and a garbage collection that a spec asks for may find it at that. */
const ofTsx = (reason: unknown): boolean =>
  reason instanceof Error && reason.message === 'Closing directory handle on garbage collection';

// Mocha fails a spec in which an uncaught exception comes, but lets these two pass. A spec that expects one listens for
// it, and is then the only one to judge it; any other fails.
for (const event of ['warning', 'unhandledRejection'] as const) {
  const withoutSpecs = process.listenerCount(event) + 1;
  process.on(event, (reason: unknown) => {
    if (process.listenerCount(event) <= withoutSpecs && !ofTsx(reason)) throw reason;
  });
}
