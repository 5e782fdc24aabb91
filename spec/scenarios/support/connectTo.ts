import { type EventEmitter, once } from 'node:events';
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5';
import type { RedisAddress } from './RedisAddress.ts';

const host = '127.0.0.1';
// As the README of ioredis has it: a master that has become a replica is to be left.
const reconnectOnError = (error: Error): boolean => error.message.startsWith('READONLY');

/** A client of ioredis 5 or 6, as one sets it up by its README, which is ready. */
export async function connectTo(
  address: RedisAddress,
  version: 5 | 6 = 6,
): Promise<Redis5 | Redis6 | Cluster5 | Cluster6> {
  const redis = clientOf(address, version);
  // Without a listener, ioredis prints each refused connection.
  (redis as EventEmitter).on('error', () => {});
  if (redis.status !== 'ready') await once(redis, 'ready');
  return redis;
}

function clientOf(address: RedisAddress, version: 5 | 6): Redis5 | Redis6 | Cluster5 | Cluster6 {
  if (address.kind === 'cluster') {
    const nodes = address.ports.map((port) => ({ host, port }));
    return version === 5 ? new Cluster5(nodes) : new Cluster6(nodes);
  }
  if (address.kind === 'server') {
    return version === 5 ? new Redis5(address.port, host) : new Redis6(address.port, host);
  }
  const { name, ports } = address;
  const sentinels = ports.map((port) => ({ host, port }));
  return version === 5
    ? new Redis5({ sentinels, name, reconnectOnError })
    : new Redis6({ sentinels, name, reconnectOnError });
}
