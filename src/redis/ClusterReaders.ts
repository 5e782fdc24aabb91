import { ClusterRoutes } from './ClusterRoutes.ts';
import type { Commands } from './Commands.ts';
import type { StreamListener } from './Followed.ts';
import type { RedisStreamClusterLike, RedisStreamLike } from './RedisLike.ts';
import { type ReaderOwner, StreamReader } from './StreamReader.ts';

/** A reader for each node of a Cluster that has a stream which somebody follows. */
export class ClusterReaders extends ClusterRoutes<StreamListener, RedisStreamLike> {
  constructor(cluster: RedisStreamClusterLike, commands: Commands, owner: ReaderOwner) {
    super(cluster, commands, owner, {
      during: 'read',
      keyOf: ({ key }) => key,
      workerFor: (node, readerOwner) => new StreamReader(node, readerOwner),
    });
  }
}
