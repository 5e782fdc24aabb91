import fc from 'fast-check';
import { batch, newTally } from '../contracts/logModel.ts';
import { Bench } from '../redis/support/StreamUnderTest.ts';
import { streamModel } from '../redis/support/streamModel.ts';
import type { Scenario } from './Scenario.ts';

/** For how many ms runs are begun. */
const lasts = 50_000;
/** How often Redis is killed, where publishing has a weight of 8. */
const crashes = 3;

type Figure =
  | 'runs'
  | 'commands'
  | 'acknowledged'
  | 'delivered'
  | 'lost'
  | 'duplicated'
  | 'silent holes'
  | 'false notices'
  | 'other faults';

export const logModel: Scenario<Figure> = {
  id: 'M1',
  title: 'RedisStreamStore: whatever may happen, beside a model',
  criteria: {
    runs: { atLeast: batch },
    commands: { atLeast: 100 },
    acknowledged: { atLeast: 100 },
    delivered: { atLeast: 100 },
    lost: { exactly: 0 },
    duplicated: { exactly: 0 },
    'silent holes': { exactly: 0 },
    'false notices': { exactly: 0 },
    'other faults': { exactly: 0 },
  },
  seconds: 90,

  async run(context) {
    const benches = await Promise.all([Bench.start(true), Bench.start(false)]);
    for (const bench of benches) context.defer(() => bench.dispose());
    const tally = newTally();
    const property = streamModel(benches, tally, crashes);
    const ends = performance.now() + lasts;
    let { seed } = context;
    for (; performance.now() < ends; seed += 1) {
      const details = await fc.check(property, { seed, numRuns: batch, endOnFailure: true });
      if (!details.failed) continue;
      context.note(fc.defaultReportMessage(details) ?? '');
      if (Object.values(tally.faults).every((count) => count === 0)) throw details.errorInstance;
      break;
    }
    const { runs, commands, acknowledged, delivered, notices, faults } = tally;
    context.note(`${runs} runs from seed ${context.seed} on, ${notices} notices`);
    return {
      ...{ runs, commands, acknowledged, delivered },
      ...{ lost: faults.lost, duplicated: faults.duplicated },
      ...{ 'silent holes': faults.hole, 'false notices': faults.notice, 'other faults': faults.wrong },
    };
  },
};
