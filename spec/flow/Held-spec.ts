import { expect } from 'chai';
import { budget, onBackpressureReduce, QueueStore, toSink } from 'tornadose';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';

describe('what a strategy has made of several values', () => {
  it('should count in the budget, though no frame of it has been made yet, until the client is gone', async () => {
    const store = new QueueStore<string>();
    const transport = new FakeTransport();
    transport.takes = false;
    const backpressure = onBackpressureReduce<string>((a, b) => a + b);
    store.pipe(
      toSink(transport, { name: 'text', encode: ({ data }) => String(data) }, { backpressure, heartbeat: false }),
    );
    const atFirst = budget.waiting;
    store.next('taken');
    await endOfTick();
    const before = budget.waiting;
    for (let n = 1; n <= 3; n += 1) {
      store.next('x'.repeat(1_000));
      expect(budget.waiting - before).to.be.within(n * 1_000, n * 1_000 * (9 / 8));
    }
    transport.leave();
    expect(budget.waiting).to.equal(atFirst);
  });
});
