import { expect } from 'chai';
import { type ConnectionEvent, onBackpressureDrop, QueueStore, toSink } from 'tornadose';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';

describe('the drops of a connection', () => {
  it('should be summed up over a tick, and over all of them for those who watch late', async () => {
    const store = new QueueStore<unknown>();
    const transport = new FakeTransport();
    transport.takes = false;
    const lines = { name: 'lines', encode: ({ data }: { data: unknown }) => `${JSON.stringify(data)}\n` };
    const connection = store.pipe(toSink(transport, lines, { backpressure: onBackpressureDrop(), heartbeat: false }));
    const drops: ConnectionEvent[] = [];
    connection.subscribe((event) => event.type === 'drop' && drops.push(event));
    const lost = { type: 'drop', reason: 'not-ready' };
    const unsendable = { type: 'drop', reason: 'unserialisable', bytes: 0 };
    for (const tick of [['taken'], [1, 10n, 22], [333, 10n, 4444, 10n, 5]]) {
      for (const value of tick) store.next(value);
      await endOfTick();
    }
    expect(drops).to.deep.equal([
      { ...lost, count: 2, bytes: 5 },
      { ...unsendable, count: 1 },
      { ...lost, count: 3, bytes: 11 },
      { ...unsendable, count: 2 },
    ]);
    const late: ConnectionEvent[] = [];
    connection.subscribe((event) => late.push(event));
    expect(late).to.deep.equal([{ type: 'open' }, { ...lost, count: 5, bytes: 16 }, { ...unsendable, count: 3 }]);
    transport.leave();
  });
});
