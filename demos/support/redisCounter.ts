import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisStreamStore } from 'tornadose/redis';
import { sayWhenDown } from './sayWhenDown.ts';

const key = 'tornadose:counter';

/** A log in Redis that counts, and goes on where it was: there is one counter, however many processes do this. */
export function redisCounter(url: string, every: number): RedisStreamStore<number> {
  const redis = new Redis(url);
  sayWhenDown(redis, url);
  const log = new RedisStreamStore<number>({ redis, key, keyTtl: 30_000 });
  void count(redis, log, every);
  return log;
}

async function count(redis: Redis, log: RedisStreamStore<number>, every: number): Promise<never> {
  for (;;) {
    try {
      const { id, n } = await last(redis);
      // The key says what it follows: nothing else does, be it sent twice for want of an answer, or by two processes.
      await log.submit(n + 1, { key: `after-${id}` });
    } catch {
      // Redis is away, of which `sayWhenDown` tells. Whether it has that number will be seen when it is back.
    }
    await setTimeout(every);
  }
}

/** The last number and its entry. The first entry of a log may be one without data. */
async function last(redis: Redis): Promise<{ id: string; n: number }> {
  const [[id, fields] = ['', []]] = await redis.xrevrange(key, '+', '-', 'COUNT', 1);
  const data = fields.indexOf('data');
  return data === -1 ? { id: 'nothing', n: 0 } : { id, n: Number(fields[data + 1]) };
}
