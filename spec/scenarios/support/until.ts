import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds, for so many ms at most, and gives the ms that it took: `Infinity` when it never did. */
export async function until(holds: () => boolean | Promise<boolean>, atMost: number): Promise<number> {
  const begun = performance.now();
  for (;;) {
    if (await holds()) return performance.now() - begun;
    if (performance.now() - begun > atMost) return Number.POSITIVE_INFINITY;
    await sleep(5);
  }
}
