// What the code in docs/redis.md takes for granted.
export { Cluster, Redis } from 'ioredis';
