import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '../support/RedisServer.ts';
import type { Scenario } from './Scenario.ts';
import type { Publication } from './server/LogPublisher.ts';
import { type AfterwardsFigure, afterwardsCriteria, megabytes } from './support/afterwards.ts';
import { orderOf } from './support/DeliveryLog.ts';
import { type DeliveryFigure, deliveryCriteria } from './support/deliveryCriteria.ts';
import { Fleet } from './support/Fleet.ts';
import { inRedis } from './support/inRedis.ts';
import { now } from './support/marks.ts';

const name = 'outages';
const perSecond = 500;
const killed = 5_000;
const stopped = 10_000;
const timeout = 2_000;
/** What is published all the time, by somebody who insists, at least. */
const steady = 10_000;
/** What is published while Redis is away, by somebody who does not. */
const flood = 200_000;
const floodFrom = 1_000_000;
const waves = 10;
/** What is published before, as memory that was used once is not given back. */
const warm = 20_000;

type Figure = 'published while away' | 'settled within' | 'RSS' | 'recovery after ready';

export const redisOutages: Scenario<DeliveryFigure | Figure | AfterwardsFigure> = {
  id: 'R21',
  title: 'RedisStreamStore: Redis is killed for 5 s, stopped for 10 s',
  criteria: {
    'published while away': { exactly: flood },
    ...deliveryCriteria({ atLeast: steady }),
    'settled within': { atMost: timeout + 500, unit: 'ms' },
    RSS: { atMost: 64, unit: 'MB more' },
    'recovery after ready': { atMost: 3_000, unit: 'ms' },
    ...afterwardsCriteria,
  },

  async run(context) {
    const redis = await RedisServer.startDurable();
    context.defer(() => redis.dispose());
    const address = { kind: 'server', port: redis.port } as const;
    const fleet = await Fleet.start(context, {
      ...{ name, store: 'stream', redis: address, size: 1_000_000, timeout, restless: 2, publishers: 2 },
    });
    const going = fleet.publishOn({ from: 0, bytes: 100, perSecond, insists: true });
    const floods: Promise<Publication>[] = [];
    let published = 0;

    /** Publishes half of the flood in waves, while something else goes on. */
    const overflow = async (ms: number): Promise<void> => {
      const count = flood / 2 / waves;
      for (let wave = 0; wave < waves; wave += 1) {
        const from = floodFrom + published;
        published += count;
        floods.push(fleet.publish({ from, count, bytes: 100 }));
        await sleep(ms / waves);
      }
    };

    const warming = await Promise.all(
      [0, 1].map((by) => fleet.publish({ from: floodFrom - (by + 1) * warm, count: warm, bytes: 100 }, by)),
    );
    await sleep(2_000);
    await fleet.weigh();
    await redis.stop();
    await overflow(killed);
    await redis.restart();
    const afterKill = await fleet.deliveredSince(now(), 10_000);
    await sleep(2_000);
    redis.pause();
    await overflow(stopped);
    redis.resume();
    const afterStop = await fleet.deliveredSince(now(), 10_000);

    const all = [await going.stop(), ...warming, ...(await Promise.all(floods))];
    const acknowledged = all.flatMap((publication) => publication.acknowledged);
    context.note(`recovery: ${afterKill.toFixed(0)} ms after the kill, ${afterStop.toFixed(0)} ms after the stop`);
    const growth = await fleet.growth();
    fleet.noteRefused(all);
    const verdict = await fleet.verdict(acknowledged, orderOf(await inRedis(redis, name), acknowledged));
    const figures = {
      'published while away': published,
      ...verdict,
      'settled within': Math.max(...all.map(({ slowest }) => slowest)),
      RSS: megabytes(growth),
      'recovery after ready': Math.max(afterKill, afterStop),
    };
    return { ...figures, ...(await fleet.afterwards()) };
  },
};
