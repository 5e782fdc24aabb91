import { ensurePrograms } from './programs.ts';

/** Before all specs, once. */
export function mochaGlobalSetup(): void {
  ensurePrograms();
}

/** After all specs, once. Node ends by itself when nothing is left open; what is left open would be so in a user's program. */
export function mochaGlobalTeardown(): void {
  setTimeout(() => {
    console.error(
      `The specs left something open, which keeps Node running: ${process.getActiveResourcesInfo().join(', ')}`,
    );
    process.exit(1);
  }, 5000).unref();
}

// Mocha fails a spec in which an uncaught exception comes, but lets these two pass. A spec that expects one listens for
// it, and is then the only one to judge it; any other fails.
for (const event of ['warning', 'unhandledRejection'] as const) {
  const withoutSpecs = process.listenerCount(event) + 1;
  process.on(event, (reason: unknown) => {
    if (process.listenerCount(event) <= withoutSpecs) throw reason;
  });
}
