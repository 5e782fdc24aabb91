// A program of its own that publishes, listens, closes everything, and must end by itself: closes.ts <url>
import { Redis } from 'ioredis';
import { firstValueFrom, lastValueFrom, merge, toArray } from 'rxjs';
import { RedisStore } from 'tornadose/redis';

const redis = new Redis(process.argv[2] ?? '');
const store = new RedisStore({ redis, channel: `closes-${process.pid}` });
const all = lastValueFrom(merge(store, store.gaps).pipe(toArray()));
const first = firstValueFrom(store);
await store.submit('delivered');
await first;
await store.close();
process.exitCode = (await all).join() === 'delivered' ? 0 : 1;
await redis.quit();
