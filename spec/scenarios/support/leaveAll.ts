import type { Orders, Served } from './Served.ts';
import { until } from './until.ts';

/** What a server has to answer, so that one can wait until all have left it. */
type Counting = Orders & { connections(): Promise<number> };

/** Has clients leave, and waits until the server has no connection any more: what it tells of them is told by then. */
export async function leaveAll<Asked extends Counting>(
  served: Served<Asked>,
  clients: Iterable<{ leave(): void }>,
): Promise<void> {
  for (const client of clients) client.leave();
  const counting = served as unknown as Served<Counting>;
  await until(async () => (await counting.ask('connections')) === 0, 2_000);
}
