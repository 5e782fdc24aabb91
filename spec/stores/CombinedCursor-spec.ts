import { expect } from 'chai';
import fc from 'fast-check';
import { Observable, tap } from 'rxjs';
import sinon from 'sinon';
import { budget, combineLogs, type Log, Message, QueueStore } from 'tornadose';
import { type Demand, demandOf } from '../../src/pull/demand.ts';
import { until } from '../redis/support/until.ts';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';
import { allLogClientsLeave, type Line, LogClient } from '../support/LogClient.ts';
import { numbers } from '../support/numbers.ts';

/** Two logs, and what is together. */
function pricesAndNews() {
  const prices = new QueueStore<number>();
  const news = new QueueStore<string>();
  return { prices, news, both: combineLogs({ prices, news }) };
}

/** What each event brought, notices too, without the positions. */
const brought = (received: readonly Line[]): [string | undefined, unknown][] =>
  received.filter(({ event }) => event !== 'position').map(({ event, data }) => [event, data]);

/** A client that takes nothing more. */
function stalled(): FakeTransport {
  const transport = new FakeTransport();
  transport.takes = false;
  return transport;
}

/** The data of the messages with this name. */
const named = (client: LogClient | undefined, name: string): unknown[] =>
  (client?.received ?? []).filter(({ event }) => event === name).map(({ data }) => data);

/** What a client would come back with that got these. */
const lastIdOf = (received: readonly Line[] = []): string | undefined =>
  received.findLast(({ id }) => id !== undefined)?.id;

describe('CombinedCursor', () => {
  afterEach(allLogClientsLeave);

  describe('a client that is slow', () => {
    it('should be a place in each of the logs, and not a queue', async () => {
      const { prices, news, both } = pricesAndNews();
      const slow = new LogClient(both.since(), { transport: stalled() });
      for (const n of numbers(1, 900)) {
        prices.next(n);
        news.next(`${n}`.padEnd(1_000));
      }
      await endOfTick();
      // The outbox of one tick.
      expect(budget.waiting).to.be.below(70_000);
      expect(slow.events).to.deep.equal([{ type: 'open' }]);
      slow.transport.drain();
      await until(() => named(slow, 'news').length === 900 && named(slow, 'prices').length === 900);
      expect(named(slow, 'prices')).to.deep.equal(numbers(1, 900));
      expect(named(slow, 'news').map(Number)).to.deep.equal(numbers(1, 900));
    });

    it('should be told in which log it was overtaken', async () => {
      const prices = new QueueStore<number>({ history: { size: 10 } });
      const news = new QueueStore<string>();
      const both = combineLogs({ prices, news });
      const slow = new LogClient(both.since(), { transport: stalled() });
      for (const n of numbers(1, 100)) {
        prices.next(n);
        news.next(`${n}`);
        await endOfTick();
      }
      slow.transport.drain();
      await until(() => named(slow, 'news').length === 100);
      prices.next(101);
      await endOfTick();
      expect(named(slow, 'gap')).to.have.length(1);
      expect(named(slow, 'gap')[0]).to.deep.include({ reason: 'too-far-behind', log: 'prices' });
      expect(named(slow, 'news')).to.deep.equal(numbers(1, 100).map(String));
      expect(named(slow, 'prices').at(-1)).to.equal(101);
    });

    it('should get its share of each log when it comes back to much', async () => {
      const prices = new QueueStore<string>({ history: { size: 100_000 } });
      const news = new QueueStore<string>();
      const both = combineLogs({ prices, news });
      const first = new LogClient(both.since());
      await endOfTick();
      for (const n of numbers(1, 2_000)) prices.next(`${n}`.padEnd(1_000));
      for (const n of numbers(1, 10)) news.next(`${n}`);
      const back = new LogClient(both.since(first.lastId), { transport: stalled() });
      while (named(back, 'news').length < 10) {
        back.transport.takes = false;
        await endOfTick();
        back.transport.drain();
        back.transport.takes = false;
      }
      expect(named(back, 'prices').length).to.be.below(1_000);
    });
  });

  it('should be known of a log that says it later, as one in Redis does', async () => {
    const { prices } = pricesAndNews();
    let place = 'p1';
    let demand: Demand | undefined;
    let emit: (message: Message) => void = () => {};
    const isTold = { late: true };
    const late: Log<string> = {
      since: () =>
        new Observable<Message<string>>((subscriber) => {
          demand = demandOf(subscriber as never);
          if (isTold.late) demand?.followLater?.();
          emit = (message) => {
            if (message.id !== undefined) place = message.id;
            subscriber.next(message as Message<string>);
          };
        }),
    };
    const both = combineLogs({ prices, late });
    for (const isLate of [true, false]) {
      isTold.late = isLate;
      place = 'p1';
      const one = new LogClient(both.since());
      await endOfTick();
      expect(one.received.map(({ event }) => event)).to.deep.equal(isLate ? [] : ['position']);
      demand?.follow?.(() => place, true);
      await endOfTick();
      expect(one.received.at(-1)).to.deep.include({ event: 'position' });
      expect(one.lastId).to.match(/p1~/);
      emit(new Message({ data: 'a', id: 'p2' }));
      prices.next(1);
      await endOfTick();
      expect(one.lastId).to.match(/p2~/);
    }
    // One that is new, and one that the client has a place in.
    const known = new LogClient(combineLogs({ prices }).since());
    await endOfTick();
    const back = new LogClient(both.since(known.lastId));
    prices.next(2);
    await endOfTick();
    expect(brought(back.received)).to.deep.equal([['prices', 2]]);
    expect(back.lastId).not.to.match(/p2~/);
    demand?.follow?.(() => place, true);
    await endOfTick();
    expect(back.received.at(-1)).to.deep.include({ event: 'gap', data: { reason: 'unknown-epoch', log: 'late' } });
    expect(back.lastId).to.match(/p2~/);
    const again = new LogClient(both.since(back.lastId));
    prices.next(3);
    await endOfTick();
    expect(brought(again.received)).to.deep.equal([['prices', 3]]);
    expect(again.lastId, 'what it came with, until more is known').to.match(/p2~/);
  });

  it('should be known of a log that has moved on past what nobody is sent', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    try {
      let place = 'p1';
      const marked: Log<string> = {
        since: () => new Observable((subscriber) => demandOf(subscriber as never)?.follow?.(() => place, true)),
      };
      const { prices } = pricesAndNews();
      const one = new LogClient(combineLogs({ prices, marked }).since(), { heartbeat: 1_000 });
      place = 'p2';
      for (const _ of numbers(1, 3)) {
        clock.tick(1_000);
        await endOfTick();
      }
      expect(one.lastId).to.match(/p2~/);
    } finally {
      clock.restore();
    }
  });

  it('should be right when what is on its way to the client makes another log grow', async () => {
    const { prices, news, both } = pricesAndNews();
    const source = (position?: string) =>
      both.since(position).pipe(
        tap(({ event, data }) => {
          if (event === 'prices' && position === undefined) news.next(`price ${data}`);
        }),
      );
    const one = new LogClient(source());
    for (const n of [1, 2]) prices.next(n);
    await endOfTick();
    expect(brought(one.received)).to.deep.equal([
      ['prices', 1],
      ['news', 'price 1'],
      ['prices', 2],
      ['news', 'price 2'],
    ]);
    for (const [index, { id }] of one.received.entries()) {
      const back = new LogClient(source(id));
      await endOfTick();
      expect(brought(back.received), `after ${index}`).to.have.deep.members(brought(one.received.slice(index + 1)));
    }
  });

  it('should lose nothing and give nothing twice, whoever stalls, drains, is cut wherever and comes back when', async () => {
    type Step =
      | { readonly do: 'publish'; readonly log: number; readonly count: number }
      | { readonly do: 'stall' | 'drain'; readonly who: number }
      | { readonly do: 'cut'; readonly who: number; readonly got: number }
      | { readonly do: 'turn' };
    const names = ['prices', 'news', 'chat'] as const;
    const people = 3;
    const who = fc.nat(people - 1);
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ do: fc.constant('publish' as const), log: fc.nat(2), count: fc.integer({ min: 1, max: 8 }) }),
      fc.record({ do: fc.constantFrom('stall' as const, 'drain' as const), who }),
      // How much of what was written arrives.
      fc.record({ do: fc.constant('cut' as const), who, got: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ do: fc.constant('turn' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const logs = names.map(() => new QueueStore<number>());
        const all = combineLogs(Object.fromEntries(names.map((name, index) => [name, logs[index] as Log<number>])));
        const published = names.map(() => 0);
        // What each has seen over all of its connections.
        const seen: Line[][] = numbers(1, people).map(() => []);
        const join = (person: number): LogClient => {
          const position = lastIdOf(seen[person] ?? []);
          // One that has not even got a position begins anew.
          if (position === undefined) seen[person] = [];
          return new LogClient(all.since(position, { otherwise: 'earliest' }));
        };
        const present = seen.map((_, person) => join(person));
        const cut = (person: number, got: number): void => {
          const { transport, received } = present[person] as LogClient;
          transport.leave();
          seen[person]?.push(...received.slice(0, Math.ceil(received.length * got)));
        };
        for (const each of steps) {
          if (each.do === 'publish') {
            for (let n = 0; n < each.count; n += 1) {
              published[each.log] = (published[each.log] ?? 0) + 1;
              logs[each.log]?.next(published[each.log] as number);
            }
          } else if (each.do === 'turn') await endOfTick();
          else if (each.do === 'stall') (present[each.who] as LogClient).transport.takes = false;
          else if (each.do === 'drain') present[each.who]?.transport.drain();
          else if (each.do === 'cut') {
            cut(each.who, each.got);
            present[each.who] = join(each.who);
          }
        }
        for (const { transport } of present) transport.drain();
        // A long replay lets the event loop turn.
        for (let turn = 0; turn < 20; turn += 1) await endOfTick();
        for (const person of seen.keys()) cut(person, 1);
        for (const lines of seen) {
          expect(lines.filter(({ event }) => event === 'gap')).to.deep.equal([]);
          for (const [index, name] of names.entries()) {
            const got = lines.filter(({ event }) => event === name).map(({ data }) => data);
            expect(got).to.deep.equal(numbers(1, published[index] ?? 0));
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
