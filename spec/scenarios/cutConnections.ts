import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '../support/RedisServer.ts';
import type { Scenario } from './Scenario.ts';
import { type AfterwardsFigure, afterwardsCriteria } from './support/afterwards.ts';
import { orderOf } from './support/DeliveryLog.ts';
import { type DeliveryFigure, deliveryCriteria } from './support/deliveryCriteria.ts';
import { Fleet } from './support/Fleet.ts';
import { inRedis } from './support/inRedis.ts';
import { random } from './support/random.ts';
import { until } from './support/until.ts';

const events = 6_000;
const perSecond = 500;
const cuts = 20;
const name = 'cut';

type Figure = 'connections cut' | 'delivery away';

export const cutConnections: readonly Scenario[] = [
  cutting('pubsub', 'RedisStore: its subscriber is cut 20×, 500 events/s'),
  cutting('stream', 'RedisStreamStore: its reader is cut 20×, 500 events/s'),
];

function cutting(store: 'pubsub' | 'stream', title: string): Scenario<DeliveryFigure | Figure | AfterwardsFigure> {
  const acknowledged = { exactly: events };
  return {
    id: 'R20',
    title,
    criteria: {
      // Each of the serving processes has one.
      'connections cut': { atLeast: 2 * cuts },
      ...(store === 'stream'
        ? deliveryCriteria(acknowledged)
        : // Pub/Sub keeps nothing for those who are away, and a client of a store in each process is told each time.
          deliveryCriteria(acknowledged, {
            delivered: { atLeast: events / 2 },
            lost: { atMost: (events / 2) * 6 },
            notices: { atLeast: 2 * cuts, atMost: 6 * cuts },
          })),
      'delivery away': { atMost: 2_000, unit: 'ms' },
      ...afterwardsCriteria,
    },

    async run(context) {
      const redis = await RedisServer.start();
      context.defer(() => redis.dispose());
      const address = { kind: 'server', port: redis.port } as const;
      const restless = store === 'stream' ? 3 : 0;
      const fleet = await Fleet.start(context, { name, store, size: 100_000, redis: address, restless });
      const draw = random(context.seed);
      const publishing = fleet.publish({ from: 0, count: events, bytes: 100, perSecond, insists: store === 'stream' });
      let cut = 0;
      for (let time = 0; time < cuts; time += 1) {
        await sleep(100 + draw() * 300);
        let ids: string[] = [];
        await until(async () => {
          ids = await connectionsOf(redis, store);
          return ids.length === 2;
        }, 5_000);
        for (const id of ids) cut += Number(await redis.cli('CLIENT', 'KILL', 'ID', id));
      }
      const { acknowledged } = await publishing;
      const order = store === 'stream' ? await inRedis(redis, name) : acknowledged;
      const verdict = await fleet.verdict(acknowledged, orderOf(order, acknowledged));
      const figures = { 'connections cut': cut, ...verdict, 'delivery away': fleet.longestSilence };
      return { ...figures, ...(await fleet.afterwards()) };
    },
  };
}

/** The connections that wait for what is published, by their ids in Redis. */
async function connectionsOf(redis: RedisServer, store: 'pubsub' | 'stream'): Promise<string[]> {
  const lines = (await redis.cli('CLIENT', 'LIST')).split('\n');
  const waits = store === 'pubsub' ? / s?sub=[1-9]/ : / cmd=xread/;
  return lines.filter((line) => waits.test(line)).map((line) => /^id=(\d+)/.exec(line)?.[1] ?? '');
}
