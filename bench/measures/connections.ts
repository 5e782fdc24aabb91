import type { LoadOf } from '../cases.ts';
import type { Trial } from '../Trial.ts';
import type { Sample } from './Sample.ts';

/** What a connection costs that is only there, or that comes, on a server that has some. */
export async function connections(trial: Trial, { kind, clients }: LoadOf<'idle' | 'connect'>): Promise<Sample> {
  const collect = kind === 'idle';
  // So many that code is compiled and the heap has grown: what that takes is not the connections'.
  await trial.connect(Math.max(500, clients * 0.4));
  const before = await trial.mark(collect);
  const seconds = await trial.core(async () => {
    const begun = performance.now();
    await trial.connect(clients);
    return (performance.now() - begun) / 1000;
  });
  const after = await trial.mark(collect);
  if (kind === 'idle') return { 'KiB/connection': (after.rss - before.rss) / 1024 / clients };
  return { 'cpu µs/connection': (after.cpu - before.cpu) / clients, 'connections/s': clients / seconds };
}
