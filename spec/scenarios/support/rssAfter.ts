import type { Vitals } from '../server/host.ts';
import type { Orders, Served } from './Served.ts';
import { until } from './until.ts';

/**
 * By how many per cent a server's resident memory is above what it was when the server was `calm`. It is given some time:
 * the system gets memory back a while after it was let go.
 */
export async function rssAfter<Asked extends Orders>(served: Served<Asked>, calm: Vitals): Promise<number> {
  let rss = Number.POSITIVE_INFINITY;
  await until(async () => {
    ({ rss } = await (served as Served<Orders>).ask('vitals', { collect: true }));
    return rss < calm.rss * 1.05;
  }, 3_000);
  return (rss / calm.rss - 1) * 100;
}
