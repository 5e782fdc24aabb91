import { expect } from 'chai';
import { assertFor, newTally } from '../contracts/logModel.ts';
import { Bench } from './support/StreamUnderTest.ts';
import { streamModel } from './support/streamModel.ts';

describe('RedisStreamStore, beside a model of it', () => {
  let benches: readonly Bench[];
  before(async () => {
    benches = await Promise.all([Bench.start(true), Bench.start(false)]);
  });
  after(async () => {
    await Promise.all(benches.map((bench) => bench.dispose()));
  });

  it('should lose nothing without a word, repeat nothing and give no false notice, whatever happens', async function () {
    this.timeout(0);
    const tally = newTally();
    await assertFor(6_000, streamModel(benches, tally, 1));
    expect(tally.delivered).to.be.above(0);
  });
});
