import { map, type Observable, timer } from 'rxjs';
import { type Log, QueueStore } from 'tornadose';

/** How often there is a new number, in ms. */
const every = 200;

/**
 * A log of the numbers 1, 2, 3, …, five a second: in the memory of this process or, where `REDIS_URL` is set, in that
 * Redis, where the numbers go on after a restart of this process.
 */
export async function counterLog(): Promise<Log<number> & Observable<number>> {
  const url = process.env.REDIS_URL;
  if (url) return (await import('./redisCounter.ts')).redisCounter(url, every);
  const log = new QueueStore<number>();
  log.feed(timer(0, every).pipe(map((n) => n + 1)));
  return log;
}
