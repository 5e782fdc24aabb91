import { expect } from 'chai';
import fc from 'fast-check';
import { from } from 'rxjs';
import sinon from 'sinon';
import {
  type BackpressureOperator,
  budget,
  type CloseEvent,
  type ConnectionEvent,
  type Encoder,
  Message,
  onBackpressureBuffer,
  onBackpressureDrop,
  onBackpressureLatest,
  onBackpressureReduce,
  QueueStore,
  TornadoseError,
  toEventSource,
  toResponse,
  toSink,
} from 'tornadose';
import { endOfTick as turn } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';
import { closeServers, serve } from '../support/servers.ts';
import { thrown } from '../support/thrown.ts';

const lines: Encoder = { name: 'lines', encode: ({ data }) => `${data}\n` };
const mebibyte = 1024 * 1024;

/** A client that takes the first write, and no more. */
function stuck(source: QueueStore<string>, backpressure: BackpressureOperator<string>) {
  const transport = new FakeTransport();
  transport.takes = false;
  const events: ConnectionEvent[] = [];
  source.pipe(toSink(transport, lines, { backpressure })).subscribe((event) => events.push(event));
  return { transport, events };
}

describe('the budget of the process', () => {
  const { maxBytes } = budget;
  afterEach(async () => {
    budget.maxBytes = maxBytes;
    await closeServers();
  });

  it('should be 256 MiB, with nothing that waits', () => {
    expect(budget).to.include({ maxBytes: 256 * mebibyte, waiting: 0 });
  });

  it('should refuse what is no number of bytes, and stay as it was', () => {
    for (const wrong of [0, -1, 1.5, Number.NaN, '1']) {
      const error = thrown(() => {
        budget.maxBytes = wrong as number;
      });
      expect(TornadoseError.is(error, 'ERR_INVALID_OPTION') && error.option).to.equal('maxBytes');
    }
    expect(budget.maxBytes).to.equal(maxBytes);
  });

  it('should count once what several wait for, and nothing for those who keep up', async () => {
    const store = new QueueStore<string>();
    const laggards = [1, 2, 3].map(() => stuck(store, onBackpressureBuffer()));
    const quick = new FakeTransport();
    store.pipe(toSink(quick, lines)).subscribe();
    store.next('x'.repeat(999));
    await turn();
    expect(budget.waiting).to.equal(1_000);
    store.next('y'.repeat(99));
    expect(budget.waiting).to.equal(1_100);
    await turn();
    laggards[0]?.transport.drain();
    laggards[1]?.transport.leave();
    expect(budget.waiting).to.equal(1_100);
    laggards[2]?.transport.leave();
    expect(budget.waiting).to.equal(0);
    await turn();
    expect(quick.written.join('').length).to.equal(1_100);
    quick.leave();
    laggards[0]?.transport.leave();
  });

  it('should close those for whom the most waits first, and say so', async () => {
    const [much, little] = [new QueueStore<string>(), new QueueStore<string>()];
    const worst = stuck(much, onBackpressureBuffer());
    const better = stuck(little, onBackpressureBuffer());
    for (let n = 0; n < 10; n += 1) {
      much.next('m'.repeat(999));
      await turn();
    }
    little.next('l'.repeat(1999));
    await turn();
    budget.maxBytes = 5_000;
    expect(worst.events.at(-1)).to.deep.include({ type: 'close', reason: 'budget' });
    const { error } = worst.events.at(-1) as CloseEvent;
    expect(error).to.include({ code: 'ERR_BUDGET', limit: 5_000, waiting: 12_000 });
    expect(worst.transport.calls).to.deep.equal(['open', 'destroy budget']);
    expect(better.events).to.deep.equal([{ type: 'open' }]);
    expect(budget.waiting).to.equal(2_000);
    better.transport.leave();
  });

  it('should come back to nothing, whatever the strategies do, and never stay above itself', async () => {
    const strategies: readonly (() => BackpressureOperator<string>)[] = [
      () => onBackpressureBuffer({ maxBytes: 300 }),
      () => onBackpressureBuffer({ maxCount: 3, overflow: 'dropOldest' }),
      () => onBackpressureBuffer({ maxBytes: 200, overflow: 'dropNewest' }),
      () => onBackpressureLatest(),
      () => onBackpressureLatest({ key: (text) => text.length % 3, maxCount: 2 }),
      () => onBackpressureReduce((held, incoming) => held + incoming),
      () =>
        onBackpressureReduce<string>(
          (held, incoming) => {
            if (incoming.length === 13) throw new Error('unlucky');
            return held + incoming;
          },
          { maxBytes: 100 },
        ),
      () => onBackpressureDrop(),
    ];
    type Step =
      | { readonly do: 'publish'; readonly length: number }
      | { readonly do: 'drain' | 'leave'; readonly who: number };
    const step: fc.Arbitrary<Step> = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant('publish' as const), length: fc.integer({ min: 1, max: 60 }) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('drain' as const), who: fc.nat(strategies.length - 1) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who: fc.nat(strategies.length - 1) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 100, max: 2000 }),
        async (steps, ceiling) => {
          budget.maxBytes = ceiling;
          const store = new QueueStore<string>();
          const clients = strategies.map((strategy) => stuck(store, strategy()));
          for (const each of steps) {
            if (each.do === 'publish') store.next('x'.repeat(each.length));
            else if (each.do === 'leave') clients[each.who]?.transport.leave();
            else if (clients[each.who]?.events.at(-1)?.type !== 'close') {
              clients[each.who]?.transport.drain();
              (clients[each.who] as { transport: FakeTransport }).transport.takes = false;
            }
            expect(budget.waiting).to.be.within(0, ceiling);
            await turn();
            expect(budget.waiting).to.be.within(0, ceiling);
          }
          for (const { transport } of clients) transport.leave();
          expect(budget.waiting).to.equal(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('should count what each has as a copy of its own for each', async () => {
    const store = new QueueStore<string>();
    const signals = Array.from({ length: 10 }, () => new AbortController());
    for (const { signal } of signals) toResponse(store, new Request('http://a/', { signal }));
    store.next('x'.repeat(50_000));
    await turn();
    expect(budget.waiting).to.be.within(500_000, 501_000);
    for (const each of signals) each.abort();
    expect(budget.waiting).to.equal(0);
  });

  it('should count what an ended client does not take, and close it for that', async () => {
    const store = new QueueStore<string>();
    const { transport, events } = stuck(store, onBackpressureBuffer());
    store.next('x'.repeat(999));
    store.complete();
    await turn();
    expect(transport.calls).to.deep.equal(['open', 'end complete']);
    expect(budget.waiting).to.equal(1_000);
    budget.maxBytes = 500;
    expect(transport.calls).to.deep.equal(['open', 'end complete', 'destroy budget']);
    expect(events).to.deep.equal([{ type: 'open' }, { type: 'close', reason: 'complete' }]);
    expect(budget.waiting).to.equal(0);
  });

  it('should close one that is about to end once', async () => {
    const store = new QueueStore<string>();
    const { transport, events } = stuck(store, onBackpressureBuffer());
    store.next('x'.repeat(999));
    await turn();
    store.next('y'.repeat(99));
    store.complete();
    budget.maxBytes = 500;
    await turn();
    expect(transport.calls).to.deep.equal(['open', 'destroy budget']);
    expect(events.filter(({ type }) => type === 'close')).to.have.length(1);
    expect(budget.waiting).to.equal(0);
  });

  it('should not count what clients hold that are gone before they have begun, or while they are written to', async () => {
    const aborted = AbortSignal.abort();
    toResponse(
      from(Array.from({ length: 100 }, () => 'x'.repeat(1_000))),
      new Request('http://a/', { signal: aborted }),
    );
    expect(budget.waiting).to.equal(0);
    const store = new QueueStore<string>();
    const { transport } = stuck(store, onBackpressureBuffer());
    transport.write = (bytes) => {
      transport.waiting += bytes.length;
      transport.leave();
      return false;
    };
    store.next('x');
    await turn();
    expect(budget.waiting).to.equal(0);
  });

  it('should come back to nothing when values cannot be merged', async () => {
    class Own extends Message<string> {
      override readonly event = 'end';
    }
    const store = new QueueStore<Message<string>>();
    const transport = new FakeTransport();
    transport.takes = false;
    store
      .pipe(toSink(transport, lines, { backpressure: onBackpressureReduce<Message<string>>(() => 'merged') }))
      .subscribe();
    store.next(new Message({ data: 'a' }));
    await turn();
    for (const data of ['b', 'c']) store.next(new Own({ data }));
    transport.leave();
    expect(budget.waiting).to.equal(0);
  });

  it('should close those that have been stuck for long before one in the midst of a burst', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['performance'] });
    try {
      const store = new QueueStore<string>();
      const slow = stuck(store, onBackpressureBuffer());
      store.next('s'.repeat(1_999));
      await turn();
      clock.tick(1_000);
      const burst = new QueueStore<string>();
      const quick = stuck(burst, onBackpressureBuffer());
      burst.next('q'.repeat(9_999));
      await turn();
      budget.maxBytes = 11_900;
      expect(slow.events.at(-1)).to.include({ type: 'close', reason: 'budget' });
      expect(quick.events).to.deep.equal([{ type: 'open' }]);
      budget.maxBytes = 1;
      expect(quick.events.at(-1)).to.include({ type: 'close', reason: 'budget' });
    } finally {
      clock.restore();
    }
  });

  it('should keep what a thousand laggards wait for below it, while the others get all', async () => {
    const ceiling = 16 * mebibyte;
    budget.maxBytes = ceiling;
    // Nobody reads these, and each has events of its own, so that there is nothing to share.
    const closed = new Map<number, CloseEvent>();
    const stores = Array.from({ length: 1_000 }, (_, laggard) => {
      const store = new QueueStore<string>();
      const onEvent = (event: ConnectionEvent): void => {
        if (event.type === 'close') closed.set(laggard, event);
      };
      toResponse(store, new Request('http://a/'), { onEvent });
      return store;
    });
    const common = new QueueStore<number>();
    const { url } = await serve((_req, res) => void common.pipe(toEventSource(res)));
    const response = await fetch(url);
    const rounds = 60;
    let peak = 0;
    for (let round = 0; round < rounds; round += 1) {
      common.next(round);
      // The later ones get more, so that they are the worst.
      for (const [laggard, store] of stores.entries()) {
        store.next(String(round).padEnd(500 + laggard, '.'));
        peak = Math.max(peak, budget.waiting);
      }
      await turn();
    }
    common.complete();
    const text = await response.text();
    expect(text.match(/data: \d+/g)).to.deep.equal(Array.from({ length: rounds }, (_, round) => `data: ${round}`));
    expect(peak).to.be.within(ceiling / 2, ceiling);
    expect(closed.size).to.be.within(100, 900);
    for (const [laggard, { reason }] of closed) {
      expect(reason).to.equal('budget');
      expect(laggard, 'one of the worst').to.be.at.least(1_000 - closed.size - 100);
    }
    budget.maxBytes = 1;
    expect(closed.size).to.equal(1_000);
    expect(budget.waiting).to.equal(0);
  });
});
