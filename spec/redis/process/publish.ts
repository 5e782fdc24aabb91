// A program of its own that publishes one text: node --import=tsx publish.ts <url> <channel> <text>
import { Redis } from 'ioredis';
import { RedisStore } from 'tornadose/redis';

const [url = '', channel = '', text = ''] = process.argv.slice(2);
const redis = new Redis(url);
const store = new RedisStore({ redis, channel });
const subscribers = await store.submit(text);
await store.close();
redis.disconnect();
process.exitCode = subscribers === 1 ? 0 : 1;
