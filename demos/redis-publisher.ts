// The other process of redis-pubsub: it publishes the time every second, and knows nothing of tornadose.
import { Redis } from 'ioredis';
import { sayWhenDown } from './support/sayWhenDown.ts';

const url = process.env.REDIS_URL ?? 'redis://localhost:6379';
// A line of an hour ago is not worth sending late.
const redis = new Redis(url, { enableOfflineQueue: false });
sayWhenDown(redis, url);

setInterval(() => {
  const line = `It is ${new Date().toLocaleTimeString()} in process ${process.pid}`;
  redis.publish('tornadose', line).then(
    (readers) => console.log(`published to ${readers} readers: ${line}`),
    () => {},
  );
}, 1000);
