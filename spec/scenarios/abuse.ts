import { RedisServer } from '../support/RedisServer.ts';
import type { Scenario } from './Scenario.ts';
import type { GatedOrders, GateReport } from './server/gated.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { attackWithCrowds, type CrowdFigure, crowdCriteria, limits } from './support/attackWithCrowds.ts';
import { attackWithPayloads, type PayloadFigure, payloadCriteria } from './support/attackWithPayloads.ts';
import { attackWithPositions, type PositionFigure, positionCriteria } from './support/attackWithPositions.ts';
import { attackWithWebSockets, type WebSocketFigure, webSocketCriteria } from './support/attackWithWebSockets.ts';
import { until } from './support/until.ts';

type Figure =
  | PositionFigure
  | WebSocketFigure
  | PayloadFigure
  | CrowdFigure
  | 'raw or long in what is reported'
  | 'left in the gate';

export const abuse: Scenario<Figure | AfterwardsFigure> = {
  id: 'R27',
  title: 'abuse: positions, origins, frames, payloads, crowds',
  criteria: {
    ...positionCriteria,
    ...webSocketCriteria,
    ...payloadCriteria,
    ...crowdCriteria,
    'raw or long in what is reported': { exactly: 0 },
    'left in the gate': { exactly: 0 },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<GatedOrders>('gated');
    const redis = await RedisServer.start();
    context.defer(() => redis.dispose());
    const before = await served.ask('vitals', { collect: true });
    const ports = await served.ask('open', { ...limits, redis: redis.port });
    const attacked = { context, served, redis, ports };
    const figures = {
      ...(await attackWithPositions(attacked)),
      ...(await attackWithWebSockets(attacked)),
      ...(await attackWithPayloads(attacked)),
      ...(await attackWithCrowds(attacked)),
    };
    let gate = await served.ask('gate');
    await until(async () => {
      gate = await served.ask('gate');
      return left(gate) === 0;
    }, 3_000);
    const raw = gate.texts.filter(isRaw);
    if (raw.length > 0) context.note(JSON.stringify(raw[0]?.slice(0, 100)));
    await served.ask('close');
    const others = { 'raw or long in what is reported': raw.length, 'left in the gate': left(gate) };
    return { ...figures, ...others, ...(await afterwards(context, served, before)) };
  },
};

function left({ size, keys }: GateReport): number {
  return size + Object.values(keys).reduce((sum, one) => sum + one, 0);
}

/** What is not for a log: what a terminal would act on, and what fills it. */
function isRaw(text: string): boolean {
  return /\p{Cc}/u.test(text) || text.length > 400;
}
