import { Cluster as Cluster6 } from 'ioredis';
import { Cluster as Cluster5 } from 'ioredis5';

type Connect = (port: number, redisOptions?: object) => Cluster5 | Cluster6;

/** How each version of ioredis connects to a Cluster of this machine, which one of its nodes tells it about. */
export const clusterClients: Readonly<Record<'ioredis 5' | 'ioredis 6', Connect>> = {
  'ioredis 5': (port, redisOptions = {}) => new Cluster5([{ host: '127.0.0.1', port }], { redisOptions }),
  'ioredis 6': (port, redisOptions = {}) => new Cluster6([{ host: '127.0.0.1', port }], { redisOptions }),
};
