import { expect } from 'chai';
import fc from 'fast-check';
import { filter, map, share } from 'rxjs';
import { budget, filterData, type Log, Message, onBackpressureDrop, type Store } from 'tornadose';
import { until } from '../redis/support/until.ts';
import { FakeTransport } from '../support/FakeTransport.ts';
import { allLogClientsLeave, joined, LogClient } from '../support/LogClient.ts';
import { numbers } from '../support/numbers.ts';

type LogStore<T> = Store<T, unknown> & Log<T>;

export interface LogFacts {
  /** A new log that retains all that these specs publish. */
  readonly make: <T>() => LogStore<T>;
}

/** What every log owes to the clients that come back. */
export function logContract(title: string, { make }: LogFacts): void {
  describe(`${title} keeps the contract of a log`, () => {
    const stores: { close(): Promise<void> }[] = [];
    const made = <T>(): LogStore<T> => {
      const store = make<T>();
      stores.push(store);
      return store;
    };
    afterEach(async () => {
      allLogClientsLeave();
      await Promise.all(stores.splice(0).map((store) => store.close()));
    });

    const publish = async (store: LogStore<number>, from: number, to = from): Promise<void> => {
      await Promise.all(numbers(from, to).map((n) => store.submit(n)));
    };
    const back = (store: LogStore<number>, client: LogClient): LogClient =>
      new LogClient(store.since(client.lastId), { came: client.lastId });

    it('should give a client that comes back all that it missed, and then what comes', async () => {
      const store = made<number>();
      const first = await joined(store);
      await publish(store, 1, 3);
      await until(() => first.data.length === 3);
      first.leave();
      await publish(store, 4, 5);
      const second = back(store, first);
      await publish(store, 6);
      await until(() => second.data.length === 3);
      await publish(store, 7);
      await until(() => second.data.length === 4);
      expect(first.data).to.deep.equal([1, 2, 3]);
      expect(second.data).to.deep.equal([4, 5, 6, 7]);
      expect(second.received.every(({ id }) => id !== undefined)).to.equal(true);
      expect(second.gaps).to.deep.equal([]);
    });

    it('should give a client that was cut before its first message a position to come back with', async () => {
      const store = made<number>();
      await publish(store, 1);
      const first = await joined(store);
      expect(first.received).to.deep.equal([{ data: '', event: 'position', id: first.lastId }]);
      first.leave();
      await publish(store, 2);
      const second = back(store, first);
      await until(() => second.data.length === 1);
      expect(second.messages.map(({ data }) => data)).to.deep.equal([2]);
    });

    it('should give one that was cut at the very beginning of the log a position, too', async () => {
      const store = made<number>();
      const first = await joined(store);
      first.leave();
      await publish(store, 1);
      const second = back(store, first);
      await until(() => second.messages.length === 1);
      expect(second.messages.map(({ data }) => data)).to.deep.equal([1]);
    });

    it('should begin with what is retained where it is told to, and go on', async () => {
      const store = made<number>();
      await publish(store, 1, 5);
      const newcomer = new LogClient(store.since(undefined, { otherwise: 'earliest' }));
      await until(() => newcomer.data.length === 5);
      await publish(store, 6);
      await until(() => newcomer.data.length === 6);
      expect(newcomer.data).to.deep.equal(numbers(1, 6));
      expect(newcomer.gaps).to.deep.equal([]);
    });

    it('should keep the event and the retry of a message, and give it an id of its own', async () => {
      const store = made<Message<number>>();
      const live = new LogClient(store.since());
      await until(() => live.lastId !== undefined);
      await store.submit(new Message({ data: 1, event: 'tick', id: 'mine', retry: 1_000 }));
      await until(() => live.messages.length === 1);
      const replayed = new LogClient(store.since(undefined, { otherwise: 'earliest' }));
      await until(() => replayed.messages.length === 1);
      for (const client of [live, replayed]) {
        const [{ id, ...rest } = { data: undefined }] = client.messages;
        expect(rest).to.deep.equal({ data: 1, event: 'tick', retry: 1_000 });
        expect(id)
          .to.be.a('string')
          .that.matches(/^[A-Za-z0-9._-]{1,60}$/);
        expect(id).to.not.equal('mine');
      }
    });

    for (const [count, bytes] of [
      [1_200, 10],
      [400, 300],
      [80, 3_000],
      [3, 70_000],
    ] as const) {
      it(`should give one that has missed ${count} of ${bytes} bytes the same, whether an operator sees them or not`, async () => {
        const store = made<string>();
        const first = await joined(store);
        first.leave();
        const texts = numbers(1, count).map((n) => `${n} `.padEnd(bytes, 'é'));
        await Promise.all(texts.map((text) => store.submit(text)));
        const missed = store.since(first.lastId);
        const transport = new FakeTransport();
        transport.takes = false;
        const clients = [
          new LogClient(missed),
          new LogClient(missed.pipe(map((message) => message))),
          // What is given to one that cannot take it would be dropped.
          new LogClient(missed, { transport, backpressure: onBackpressureDrop() }),
        ];
        await until(() => {
          if (transport.waiting > 0) transport.drain();
          transport.takes = false;
          return clients.every(({ data }) => data.length === count);
        });
        const [direct, ...others] = clients.map(({ received }) => received);
        for (const other of others) expect(other).to.deep.equal(direct);
        expect(direct?.map(({ data }) => data)).to.deep.equal(texts);
        expect(clients.flatMap(({ events }) => events.map(({ type }) => type))).to.deep.equal(['open', 'open', 'open']);
      });
    }

    it('should pass a long history on in order, in whatever pieces the client takes it', async () => {
      const store = made<number>();
      const first = await joined(store);
      first.leave();
      await publish(store, 1, 3_000);
      const transport = new FakeTransport();
      transport.takes = false;
      const slow = new LogClient(store.since(first.lastId), { transport });
      for (let before = -1; slow.data.length < 3_000; ) {
        await until(() => slow.data.length > before);
        before = slow.data.length;
        transport.drain();
        transport.takes = false;
      }
      expect(slow.data).to.deep.equal(numbers(1, 3_000));
      expect(slow.gaps).to.deep.equal([]);
    });

    it('should be pulled by the client: one that is slow is a place in the log, and not a queue', async () => {
      const store = made<string>();
      const transport = new FakeTransport();
      const slow = new LogClient(store.since(), { transport });
      await until(() => slow.lastId !== undefined);
      transport.takes = false;
      const observed = new LogClient(store.since());
      await until(() => observed.lastId !== undefined);
      for (const n of numbers(1, 900)) await store.submit(`${n}`.padEnd(1_000));
      await until(() => observed.data.length === 900);
      // The outbox of one tick.
      expect(budget.waiting).to.be.below(70_000);
      expect(slow.events.filter(({ type }) => type !== 'open')).to.deep.equal([]);
      transport.drain();
      await until(() => slow.data.length === 900);
      expect(slow.data.map(Number)).to.deep.equal(numbers(1, 900));
    });

    it('should answer what no log has given out with a gap that says so, at once', async () => {
      const store = made<number>();
      await publish(store, 1);
      const position = fc.oneof(
        // Not one that happens to have the form of a position.
        fc.string({ minLength: 1 }).filter((text) => !/^[0-9A-Za-z_.-]{8,}$/.test(text)),
        fc.constantFrom(
          '-',
          '+',
          '$',
          '(1-0',
          '0',
          '0-0',
          'x-1e9',
          '~malformed',
          'a'.repeat(20_000),
          '\u0000',
          '1692-*',
        ),
      );
      await fc.assert(
        fc.asyncProperty(position, async (forged) => {
          const client = new LogClient(store.since(forged));
          await until(() => client.received.length > 0);
          client.leave();
          expect(client.received.map(({ data }) => data)).to.deep.equal([{ reason: 'malformed' }]);
        }),
        { numRuns: 50 },
      );
    });

    it('should not take a position of another log for one of its own', async () => {
      const [one, other] = [made<number>(), made<number>()];
      await Promise.all([publish(one, 1, 3), publish(other, 1, 3)]);
      const client = await joined(one);
      for (const otherwise of ['live', 'earliest'] as const) {
        const stranger = new LogClient(other.since(client.lastId, { otherwise }));
        await until(() => stranger.received.length > (otherwise === 'live' ? 0 : 3));
        const [gap, ...rest] = stranger.received;
        expect(gap).to.deep.include({ event: 'gap' });
        expect(gap?.data).to.deep.equal({ reason: 'unknown-epoch', from: client.lastId });
        expect(rest.map(({ data }) => data)).to.deep.equal(otherwise === 'live' ? [] : [1, 2, 3]);
      }
    });

    it('should go on from the id of a gap', async () => {
      const store = made<number>();
      await publish(store, 1, 2);
      for (const otherwise of ['live', 'earliest'] as const) {
        const lost = new LogClient(store.since('nonsense', { otherwise }).pipe(filter(({ event }) => event === 'gap')));
        await until(() => lost.gaps.length === 1);
        lost.leave();
        const next = 3 + Number(otherwise === 'earliest');
        await publish(store, next);
        const again = back(store, lost);
        await until(() => again.data.includes(next));
        expect(again.messages.map(({ data }) => data)).to.deep.equal(otherwise === 'live' ? [3] : [1, 2, 3, 4]);
      }
    });

    it('should tell a client behind a filter where it stands, so that it comes back without a gap', async () => {
      const store = made<number>();
      const filtered = new LogClient(store.since().pipe(filterData(() => false)), { heartbeat: 20 });
      await until(() => filtered.lastId !== undefined);
      const begin = filtered.lastId;
      await publish(store, 1, 3);
      await until(() => filtered.lastId !== begin);
      const returned = back(store, filtered);
      await publish(store, 4);
      await until(() => returned.data.includes(4));
      expect(returned.gaps).to.deep.equal([]);
    });

    it('should hand over from what is retained to what comes, while it comes', async () => {
      const store = made<number>();
      const first = await joined(store);
      const total = 2_000;
      let published = 0;
      const publishing = (async () => {
        while (published < total) {
          const batch = numbers(published + 1, published + 20);
          published += 20;
          await Promise.all(batch.map((n) => store.submit(n)));
        }
      })();
      const clients: LogClient[] = [];
      while (published < total) {
        clients.push(new LogClient(store.since(first.lastId), { came: first.lastId }));
        const before = published;
        await until(() => published > before || published >= total);
      }
      await publishing;
      await until(() => clients.every(({ data }) => data.at(-1) === total));
      for (const client of clients) {
        const [begin] = client.data as number[];
        expect(client.data).to.deep.equal(numbers(begin as number, total));
        expect(client.gaps).to.deep.equal([]);
      }
      expect(first.data).to.deep.equal(numbers(1, total));
    });

    it('should go on for those who share what the first of them asked for, when that one is slow and leaves', async () => {
      const store = made<number>();
      const shared = store.since().pipe(share());
      const transport = new FakeTransport();
      const slow = new LogClient(shared, { transport });
      const quick = new LogClient(shared);
      await until(() => slow.lastId !== undefined);
      transport.takes = false;
      for (const n of numbers(1, 2_000)) await store.submit(n);
      await until(() => quick.data.length > 0);
      slow.leave();
      await publish(store, 2_001);
      await until(() => quick.data.at(-1) === 2_001);
      expect(quick.data).to.deep.equal(numbers(1, 2_001));
    });

    it('should know whether anybody is there, and let go of who has left', async () => {
      const store = made<number>();
      const client = await joined(store);
      expect(store.observed).to.equal(true);
      client.leave();
      expect(store.observed).to.equal(false);
    });

    it('should end those who follow when it ends', async () => {
      const store = made<number>();
      const client = await joined(store);
      await publish(store, 1);
      await until(() => client.data.length === 1);
      store.complete();
      await until(() => client.events.some(({ type }) => type === 'close'));
      expect(client.events.at(-1)).to.deep.equal({ type: 'close', reason: 'complete' });
      const late = new LogClient(store.since(client.lastId));
      await until(() => late.transport.calls.length > 0);
      expect(late.transport.calls, 'a 204').to.deep.equal(['end complete']);
    });
  });
}
