import { expect } from 'chai';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { useFakeTimers } from 'sinon';
import { type Gap, Message, TornadoseError } from 'tornadose';
import { json, RedisStreamStore, type RedisStreamStoreOptions, text } from 'tornadose/redis';
import { logContract } from '../contracts/logContract.ts';
import { storeContract } from '../contracts/storeContract.ts';
import { joined, LogClient } from '../support/LogClient.ts';
import { numbers } from '../support/numbers.ts';
import { RedisServer } from '../support/RedisServer.ts';
import { thrown } from '../support/thrown.ts';
import { failed } from './support/failed.ts';
import { type ErrorReports, errorReports } from './support/reports.ts';
import { closeStores, opened } from './support/stores.ts';
import { until } from './support/until.ts';

const clients = {
  'ioredis 5': (url: string) => new Redis5(url, { retryStrategy: () => 20 }),
  'ioredis 6 (RESP3)': (url: string) => new Redis6(url, { retryStrategy: () => 20 }),
  'ioredis 6 (RESP2)': (url: string) => new Redis6(url, { protocol: 2, retryStrategy: () => 20 }),
  'ioredis with a key prefix': (url: string) => new Redis6(url, { keyPrefix: 'app:', retryStrategy: () => 20 }),
};

let keys = 0;
const newKey = (): string => `tornadose-spec-stream-${process.pid}-${keys++}`;

describe('RedisStreamStore as a store', () => {
  let server: RedisServer;
  let redis: Redis6;
  let stores: RedisStreamStore<number>[] = [];

  before(async () => {
    server = await RedisServer.start();
    redis = await server.client((url) => new Redis6(url));
  });
  after(() => server.dispose());
  storeContract('it', {
    make: () => {
      const store = new RedisStreamStore<number>({ redis, key: newKey() });
      stores = [...stores.filter((each) => each.observed), store];
      return store;
    },
    // Redis has answered all, and the reader waits for more: it has delivered what there was.
    settle: async () => {
      const isRead = (line: string): boolean => /flags=b .*cmd=xread/.test(line);
      await redis.ping();
      await until(async () => {
        if (!stores.some(({ observed }) => observed)) return true;
        return (await server.cli('CLIENT', 'LIST')).split('\n').some(isRead);
      });
    },
  });
});

for (const [name, connect] of Object.entries(clients)) {
  describe(`RedisStreamStore on ${name}`, () => {
    let server: RedisServer;
    let redis: Redis5 | Redis6;
    let key: string;
    let reports: ErrorReports;

    const made = <T>(options: Partial<RedisStreamStoreOptions<T>> = {}): RedisStreamStore<T> =>
      opened(new RedisStreamStore<T>({ redis, key, ...options }));
    const prefixed = (): string => (redis.options.keyPrefix ?? '') + key;

    before(async () => {
      server = await RedisServer.start();
      redis = await server.client<Redis5 | Redis6>(connect);
    });
    after(() => server.dispose());
    beforeEach(() => {
      key = newKey();
      reports = errorReports();
    });
    afterEach(async () => {
      await closeStores();
      reports.stop();
    });

    if (name === 'ioredis 5' || name === 'ioredis 6 (RESP3)')
      logContract('it', { make: () => made({ key: newKey() }) });

    it('should publish to the clients of every store of the same stream, with the id that `submit` promised', async () => {
      const [one, other] = [made<string>(), made<string>()];
      const [mine, theirs] = [await joined(one), await joined(other)];
      const id = await one.submit('hello');
      await until(() => mine.data.length + theirs.data.length === 2);
      for (const client of [mine, theirs]) {
        expect(client.messages).to.deep.equal([{ data: 'hello', id }]);
      }
    });

    it('should deliver plain values to those who subscribe, from now on', async () => {
      const store = made<number | Message<number>>();
      await store.submit(1);
      const seen: unknown[] = [];
      store.subscribe((value) => seen.push(value));
      await joined(store);
      await store.submit(2);
      await store.submit(new Message({ data: 3, event: 'three' }));
      await until(() => seen.length === 2);
      expect(seen[0]).to.equal(2);
      expect(seen[1]).to.be.instanceOf(Message);
      expect(seen[1]).to.deep.include({ data: 3, event: 'three' });
    });

    it('should append a value once for each key, whoever submits it how often', async () => {
      const [one, other] = [made<number>(), made<number>()];
      const client = await joined(one);
      const ids = await Promise.all([
        one.submit(1, { key: 'a' }),
        one.submit(1, { key: 'a' }),
        other.submit(1, { key: 'a' }),
      ]);
      expect(new Set(ids).size).to.equal(1);
      const next = await one.submit(2, { key: 'b' });
      await until(() => client.data.length === 2);
      expect(client.messages).to.deep.equal([
        { data: 1, id: ids[0] },
        { data: 2, id: next },
      ]);
      expect(await redis.xlen(key)).to.equal(3);
    });

    it('should forget a key after its time', async () => {
      const store = made<number>({ keyTtl: 1 });
      await store.submit(1, { key: 'a' });
      await until(async () => (await server.cli('--scan', '--pattern', `*${key}*key:a`)) === '');
      await store.submit(2, { key: 'a' });
      expect(await redis.xlen(key)).to.equal(2);
    });

    it('should deliver what other programs add, and say when it cannot tell that nothing is missing', async () => {
      const store = made<number>();
      const client = await joined(store);
      await server.cli('XADD', prefixed(), '*', 'data', '1');
      await store.submit(2);
      await server.cli('XADD', prefixed(), '*', 'data', '3', 'event', 'named', 'more', 'fields');
      await until(() => client.messages.length === 3);
      expect(client.messages.map(({ data, event }) => [data, event])).to.deep.equal([
        [1, undefined],
        [2, undefined],
        [3, 'named'],
      ]);
      client.leave();
      await server.cli('XADD', prefixed(), '*', 'data', '4');
      const back = new LogClient(store.since(client.lastId));
      await until(() => back.messages.length === 1);
      expect(back.data).to.deep.equal([4]);
      back.leave();
      await server.cli('XTRIM', prefixed(), 'MAXLEN', '0');
      await server.cli('XADD', prefixed(), '*', 'data', '5');
      const late = new LogClient(store.since(back.lastId, { otherwise: 'earliest' }));
      await until(() => late.messages.length === 2);
      expect(late.gaps).to.deep.equal(['trimmed']);
      expect(late.data).to.deep.equal([5]);
    });

    it('should skip and report what cannot be read, and go on', async () => {
      const store = made<unknown>({ maxMessageBytes: 100 });
      const client = await joined(store);
      await server.cli('XADD', prefixed(), '*', 'data', 'no json');
      await server.cli('XADD', prefixed(), '*', 'data', `"${'x'.repeat(200)}"`);
      await server.cli('XADD', prefixed(), '*', 'data', '{"__proto__":{"polluted":true}}');
      await server.cli('XADD', prefixed(), '*', 'data', '1', 'event', 'gap');
      await server.cli('XADD', prefixed(), '*', 'other', 'fields');
      await store.submit('after');
      await until(() => client.data.length === 1);
      expect(client.messages.map(({ data }) => data)).to.deep.equal(['after']);
      const codes = reports.list
        .filter(({ during }) => during === 'receive')
        .map(({ error }) => (error as TornadoseError).code);
      expect(codes).to.deep.equal(['ERR_UNREADABLE', 'ERR_TOO_LARGE', 'ERR_UNREADABLE', 'ERR_INVALID_MESSAGE']);
      expect(({} as { polluted?: boolean }).polluted).to.equal(undefined);
    });

    it('should carry texts of any kind through the codec of one’s own', async () => {
      const store = made<string>({ codec: text });
      const client = await joined(store);
      for (const value of ['', 'two\nlines\r', '\u2028', '🚀']) await store.submit(value);
      await until(() => client.data.length === 4);
      expect(client.data).to.deep.equal(['', 'two\nlines\r', '\u2028', '🚀']);
    });

    it('should replay to the clients of each store what its own codec makes of the stream', async () => {
      const [parsed, raw] = [made<unknown>(), made<string>({ codec: text })];
      for (const value of [{ n: 1 }, { n: 2 }]) await parsed.submit(value);
      // Both are read from the same pages, and more than once.
      for (let round = 0; round < 2; round += 1) {
        const clients = [parsed, raw].map((store) => new LogClient(store.since(undefined, { otherwise: 'earliest' })));
        await until(() => clients.every(({ data }) => data.length === 2));
        expect(clients.map(({ data }) => data)).to.deep.equal([
          [{ n: 1 }, { n: 2 }],
          ['{"n":1}', '{"n":2}'],
        ]);
      }
    });

    describe('what is lost', () => {
      it('should be told to a client that comes back after it was trimmed', async () => {
        const store = made<number>({ maxLength: 1 });
        const client = await joined(store);
        await store.submit(1);
        await until(() => client.data.length === 1);
        client.leave();
        // Redis trims whole nodes, of a hundred entries.
        for (const n of numbers(2, 250)) await store.submit(n);
        // Another process, which has none of it in memory.
        const elsewhere = made<number>();
        const live = new LogClient(elsewhere.since(client.lastId));
        await until(() => live.gaps.length === 1);
        const retained = await redis.xlen(key);
        expect(retained).to.be.below(150);
        const early = new LogClient(elsewhere.since(client.lastId, { otherwise: 'earliest' }));
        await until(() => early.data.at(-1) === 250);
        expect(live.received[0]?.data).to.deep.equal({ reason: 'trimmed', from: client.lastId });
        expect(early.received[0]?.data).to.deep.equal({ reason: 'trimmed', from: client.lastId });
        expect(early.data).to.deep.equal(numbers(250 - retained + 1, 250));
      });

      it('should be nothing where all that was trimmed was seen', async () => {
        const store = made<number>();
        const client = await joined(store);
        await store.submit(1);
        await until(() => client.data.length === 1);
        client.leave();
        await store.submit(2);
        await redis.xtrim(key, 'MAXLEN', 1);
        const back = new LogClient(made<number>().since(client.lastId));
        await until(() => back.messages.length === 1);
        expect(back.data).to.deep.equal([2]);
      });

      it('should be told as expired where a time is set', async () => {
        const store = made<number>({ ttl: 20 });
        const client = await joined(store);
        await store.submit(1);
        await until(() => client.data.length === 1);
        client.leave();
        const seen = Date.now();
        await until(() => Date.now() > seen + 30);
        await store.submit(2);
        await redis.xtrim(key, 'MAXLEN', 1);
        await store.submit(3);
        await redis.xtrim(key, 'MAXLEN', 1);
        const back = new LogClient(made<number>({ ttl: 20 }).since(client.lastId));
        await until(() => back.gaps.length === 1);
        expect(back.gaps).to.deep.equal(['expired']);
      });

      for (const [what, spoil] of [
        ['was flushed', () => server.cli('FLUSHALL')],
        ['was deleted', () => server.cli('DEL', prefixed())],
      ] as const) {
        it(`should be told after the stream ${what}, to who comes back and to who is there`, async () => {
          const store = made<number>();
          const [away, there] = [await joined(store), await joined(store)];
          const gaps: Gap[] = [];
          store.gaps.subscribe((gap) => gaps.push(gap));
          await store.submit(1);
          await until(() => away.data.length + there.data.length === 2);
          away.leave();
          await store.submit(2);
          await until(() => there.data.length === 2);
          await spoil();
          await store.submit(3);
          await until(() => there.data.length === 3);
          expect(there.messages.map(({ event, data }) => (event === 'gap' ? (data as object) : data))).to.deep.equal([
            1,
            2,
            { reason: 'unknown-epoch' },
            3,
          ]);
          expect(gaps.map(({ data }) => data.reason)).to.deep.equal(['unknown-epoch']);
          const back = new LogClient(store.since(away.lastId, { otherwise: 'earliest' }));
          await until(() => back.data.length === 1);
          expect(back.messages.map(({ data }) => data)).to.deep.equal([
            { reason: 'unknown-epoch', from: away.lastId },
            3,
          ]);
          const again = new LogClient(store.since(there.lastId));
          await store.submit(4);
          await until(() => again.data.length === 1);
          expect(again.messages.map(({ data }) => data)).to.deep.equal([4]);
        });
      }

      it('should be nothing that a forged, future or foreign position makes of it', async () => {
        const store = made<number>();
        const client = await joined(store);
        const id = await store.submit(1);
        await until(() => client.data.length === 1);
        const future = `${id.slice(0, 4)}zzzzzzz`;
        for (const forged of [future, `0000${id.slice(4)}`, `${id.slice(0, 4)}.18446744073709551615.0`, `${id}1`]) {
          const stranger = new LogClient(store.since(forged));
          await until(() => stranger.received.length > 0);
          expect(stranger.gaps, forged).to.have.length(1);
        }
      });
    });

    describe('its connections', () => {
      const connections = async (): Promise<string[]> => {
        const all = (await server.cli('CLIENT', 'LIST')).split('\n');
        return all.filter((line) => !line.includes('cmd=client|list'));
      };

      it('should be one that reads, however many streams and clients there are, and none when a second has gone since the last left', async () => {
        const before = (await connections()).length;
        const all = numbers(1, 100).map(() => made<number>({ key: newKey() }));
        const joiners = all.flatMap((store) => [new LogClient(store.since()), new LogClient(store.since())]);
        await until(() => joiners.every(({ lastId }) => lastId !== undefined));
        await Promise.all(all.map((store) => store.submit(7)));
        await until(() => joiners.every(({ data }) => data.length === 1));
        expect((await connections()).length - before).to.equal(1);
        const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldClearNativeTimers: true });
        try {
          for (const each of joiners) each.leave();
          for (const store of all) expect(store.observed).to.equal(false);
          // What is ended now is ended at Redis before it answers to what comes after that.
          clock.tick(999);
          await redis.ping();
          expect((await connections()).length - before).to.equal(1);
          clock.tick(1);
        } finally {
          clock.restore();
        }
        await until(async () => (await connections()).length === before);
      });

      it('should come back when they are killed, with all that came meanwhile', async () => {
        const store = made<number>();
        const client = await joined(store);
        let published = 0;
        for (let round = 0; round < 5; round += 1) {
          await until(async () => (await server.cli('CLIENT', 'LIST')).includes('cmd=xread'));
          const lines = (await server.cli('CLIENT', 'LIST')).split('\n');
          const reader = lines.find((line) => line.includes('cmd=xread'))?.match(/id=(\d+)/)?.[1] as string;
          await server.cli('CLIENT', 'KILL', 'ID', reader);
          for (let n = 0; n < 20; n += 1) await store.submit(++published);
          await until(() => client.data.length === published);
        }
        expect(client.data).to.deep.equal(numbers(1, 100));
        expect(client.gaps).to.deep.equal([]);
      });

      it('should append once what the client sends again after a lost connection', async () => {
        const store = made<number>();
        const client = await joined(store);
        await store.submit(0);
        const own = await redis.client('ID');
        server.pause();
        const ids = numbers(1, 50).map((n) => store.submit(n));
        // Redis takes all of it, and loses whom to answer.
        redis.stream.pause();
        server.resume();
        await until(async () => Number(await server.cli('XLEN', prefixed())) === 52);
        await server.cli('CLIENT', 'KILL', 'ID', String(own));
        redis.stream.destroy();
        await Promise.all(ids);
        await until(() => client.data.length >= 51);
        await store.submit(51);
        await until(() => client.data.includes(51));
        expect(client.data).to.deep.equal(numbers(0, 51));
      });
    });

    it('should refuse wrong options, and what cannot be sent', async () => {
      const store = made<unknown>({ maxMessageBytes: 10 });
      const wrong: [() => unknown, string][] = [
        [() => new RedisStreamStore({ redis: {} as never, key }), 'redis'],
        [() => new RedisStreamStore({ redis, key: '' }), 'key'],
        [() => new RedisStreamStore({ redis, key, maxLength: 0 }), 'maxLength'],
        [() => new RedisStreamStore({ redis, key, ttl: -1 }), 'ttl'],
        [() => new RedisStreamStore({ redis, key, channel: 'x' } as never), 'channel'],
        [() => new RedisStreamStore({ redis, key, codec: {} as never }), 'codec'],
        [() => store.since('a', { otherwise: 'latest' as 'live' }), 'otherwise'],
        [() => store.since(7 as unknown as string), 'position'],
        [() => store.submit(1, { key: '' }), 'key'],
        [() => store.submit(1, { id: 'x' } as object), 'id'],
        [() => store.submit(1, null as never), 'submit'],
      ];
      for (const [make, option] of wrong) {
        const error = thrown(make);
        expect(TornadoseError.is(error, 'ERR_INVALID_OPTION') && error.option, option).to.equal(option);
      }
      expect((await failed(store.submit(undefined))).code).to.equal('ERR_UNSERIALISABLE');
      expect((await failed(store.submit('far too long for it'))).code).to.equal('ERR_TOO_LARGE');
      await store.close();
      expect((await failed(store.submit(1))).code).to.equal('ERR_STORE_CLOSED');
      expect(json.encode(1)).to.equal('1');
    });
  });
}
