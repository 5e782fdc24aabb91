import { setTimeout as sleep } from 'node:timers/promises';
import { RedisCluster } from '../support/RedisCluster.ts';
import type { RedisServer } from '../support/RedisServer.ts';
import type { Scenario } from './Scenario.ts';
import { type AfterwardsFigure, afterwardsCriteria } from './support/afterwards.ts';
import { orderOf } from './support/DeliveryLog.ts';
import { type DeliveryFigure, deliveryCriteria } from './support/deliveryCriteria.ts';
import { Fleet } from './support/Fleet.ts';
import { inRedis } from './support/inRedis.ts';

const name = 'cluster';
const events = 9_000;
const perSecond = 500;
const clients = 10;

type Figure = 'nodes killed' | 'writes away' | 'delivery away';

/** Sharded Pub/Sub has another node that matters: the one that owns the channel. */
const rows = [
  { store: 'stream', title: 'RedisStreamStore: the node that has the stream is killed' },
  { store: 'pubsub', title: 'RedisStore: the node that it subscribes at is killed' },
  { store: 'sharded', title: 'RedisStore, sharded: the node that has the channel is killed' },
] as const;

export const clusterFailovers: readonly Scenario[] = rows.map(clusterFailover);

function clusterFailover({
  store,
  title,
}: (typeof rows)[number]): Scenario<DeliveryFigure | Figure | AfterwardsFigure> {
  const insists = store === 'stream';
  const most = perSecond * 15;
  return {
    id: 'R23',
    title,
    criteria: {
      'nodes killed': { atLeast: 1 },
      ...deliveryCriteria(
        // A publisher that does not insist is refused while there is no node for the channel.
        insists ? { exactly: events } : { atLeast: events - most },
        {
          delivered: { atLeast: events - most },
          lost: { atMost: clients * most },
          notices: { atLeast: insists ? 0 : 1, atMost: 3 * clients },
          // Any node of a Cluster takes a PUBLISH, so there is no order, and no telling which hole a gap was about.
          ...(store === 'pubsub' && { reordered: { atLeast: 0 }, 'lost without notice': { atLeast: 0 } }),
        },
      ),
      'writes away': { atMost: 15_000, unit: 'ms' },
      'delivery away': { atMost: 15_000, unit: 'ms' },
      ...afterwardsCriteria,
    },

    async run(context) {
      const cluster = await RedisCluster.start();
      context.defer(() => cluster.dispose());
      const redis = { kind: 'cluster', ports: cluster.ports } as const;
      const fleet = await Fleet.start(context, { name, store, redis, size: 100_000, restless: insists ? 2 : 0 });
      const publishing = fleet.publish({ from: 0, count: events, bytes: 100, perSecond, insists });
      await sleep(3_000);
      const nodes = store === 'pubsub' ? [await subscribedAt(cluster)] : [await cluster.ownerOf(name)];
      for (const node of nodes) await node.stop();
      const publication = await publishing;
      const { acknowledged, longestSilence } = publication;
      const alive = cluster.nodes.find((node) => !nodes.includes(node)) as RedisServer;
      const owner = await cluster.ownerOf(name, alive);
      const order = store === 'stream' ? await inRedis(owner, name) : acknowledged.toSorted((a, b) => a - b);
      fleet.noteRefused([publication]);
      const figures = {
        'nodes killed': nodes.length,
        ...(await fleet.verdict(acknowledged, orderOf(order, acknowledged))),
        'writes away': longestSilence,
        'delivery away': fleet.longestSilence,
      };
      return { ...figures, ...(await fleet.afterwards()) };
    },
  };
}

/** A node at which one of the serving processes has subscribed. */
async function subscribedAt({ nodes }: RedisCluster): Promise<RedisServer> {
  for (const node of nodes) if (/ sub=[1-9]/.test(await node.cli('CLIENT', 'LIST'))) return node;
  throw new Error('Nobody has subscribed');
}
