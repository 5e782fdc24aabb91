import { setTimeout as sleep } from 'node:timers/promises';
import { SentinelGroup } from '../support/SentinelGroup.ts';
import type { Scenario } from './Scenario.ts';
import { type AfterwardsFigure, afterwardsCriteria } from './support/afterwards.ts';
import { orderOf } from './support/DeliveryLog.ts';
import { type DeliveryFigure, deliveryCriteria } from './support/deliveryCriteria.ts';
import { Fleet } from './support/Fleet.ts';
import { inRedis } from './support/inRedis.ts';

const name = 'failover';
const events = 7_500;
const perSecond = 500;
const clients = 10;

type Figure = 'writes away' | 'delivery away' | 'lost by Redis';

export const sentinelFailover: Scenario<DeliveryFigure | Figure | AfterwardsFigure> = {
  id: 'R22',
  title: 'RedisStreamStore: a Sentinel fail-over, 500 events/s',
  criteria: {
    ...deliveryCriteria(
      { exactly: events },
      // A fail-over of Redis may lose what it has acknowledged, but not without a notice.
      {
        delivered: { atLeast: events - perSecond },
        lost: { atMost: clients * perSecond },
        notices: { atMost: 3 * clients },
      },
    ),
    'lost by Redis': { atMost: perSecond },
    'writes away': { atMost: 10_000, unit: 'ms' },
    'delivery away': { atMost: 10_000, unit: 'ms' },
    ...afterwardsCriteria,
  },

  async run(context) {
    const group = await SentinelGroup.start();
    context.defer(() => group.dispose());
    const redis = { kind: 'sentinels', ports: group.ports, name: group.name } as const;
    const fleet = await Fleet.start(context, { name, store: 'stream', redis, size: 100_000, restless: 2 });
    const publishing = fleet.publish({ from: 0, count: events, bytes: 100, perSecond, insists: true });
    await sleep(3_000);
    const master = await group.master();
    await master.stop();
    const publication = await publishing;
    const { acknowledged, longestSilence } = publication;
    const there = await inRedis(await group.master(), name);
    const has = new Set(there);
    fleet.noteRefused([publication]);
    const figures = {
      ...(await fleet.verdict(acknowledged, orderOf(there, acknowledged))),
      'lost by Redis': acknowledged.filter((seq) => !has.has(seq)).length,
      'writes away': longestSilence,
      'delivery away': fleet.longestSilence,
    };
    return { ...figures, ...(await fleet.afterwards()) };
  },
};
