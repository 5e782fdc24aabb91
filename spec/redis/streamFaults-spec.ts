import { expect } from 'chai';
import { Redis } from 'ioredis';
import { Subscriber } from 'rxjs';
import { Gap, TornadoseError } from 'tornadose';
import { RedisStreamStore, type RedisStreamStoreOptions } from 'tornadose/redis';
import { FakeTransport } from '../support/FakeTransport.ts';
import { allLogClientsLeave, joined, LogClient } from '../support/LogClient.ts';
import { numbers } from '../support/numbers.ts';
import { RedisServer } from '../support/RedisServer.ts';
import { failed } from './support/failed.ts';
import { type ErrorReports, errorReports } from './support/reports.ts';
import { closeStores, opened } from './support/stores.ts';
import { until } from './support/until.ts';

let keys = 0;
const newKey = (): string => `faults-${keys++}`;

describe('A fault in one stream', () => {
  let server: RedisServer;
  let redis: Redis;
  let reports: ErrorReports;

  const made = <T>(options: Partial<RedisStreamStoreOptions<T>> = {}): RedisStreamStore<T> =>
    opened(new RedisStreamStore<T>({ redis, key: newKey(), ...options }));

  before(async () => {
    server = await RedisServer.start();
    redis = await server.client((url) => new Redis(url, { retryStrategy: () => 20 }));
  });
  after(() => server.dispose());
  beforeEach(() => {
    reports = errorReports();
  });
  afterEach(async () => {
    await closeStores();
    reports.stop();
  });

  it('should stop no other: an observer that throws', async () => {
    const [broken, whole] = [made<number>(), made<number>()];
    const client = await joined(whole);
    const witness = await joined(broken);
    broken.subscribe(
      new (class extends Subscriber<number> {
        override next(): void {
          throw new Error('an observer of somebody’s own');
        }
      })(),
    );
    await broken.submit(1);
    await until(() => reports.list.some(({ during }) => during === 'deliver'));
    await whole.submit(2);
    await until(() => client.data.length === 1);
    await broken.submit(3);
    await until(() => witness.data.includes(3));
  });

  it('should stop no other: a store that was unsubscribed', async () => {
    const [left, whole] = [made<number>({ key: 'left' }), made<number>()];
    const client = await joined(whole);
    left.subscribe();
    await joined(left);
    left.unsubscribe();
    await server.cli('XADD', 'left', '*', 'data', '1');
    await whole.submit(2);
    await until(() => client.data.length === 1);
    await whole.submit(3);
    await until(() => client.data.length === 2);
  });

  it('should stop no other: a key that becomes something else, until it is a stream again', async () => {
    const [spoilt, whole] = [made<number>({ key: 'spoilt' }), made<number>()];
    const [theirs, client] = [await joined(spoilt), await joined(whole)];
    await server.cli('DEL', 'spoilt');
    await server.cli('SET', 'spoilt', 'text');
    for (const n of numbers(1, 5)) await whole.submit(n);
    await until(() => client.data.length === 5);
    await until(() => reports.list.some(({ error }) => TornadoseError.is(error, 'ERR_REDIS_REPLY')));
    for (const n of numbers(6, 10)) await whole.submit(n);
    await until(() => client.data.length === 10);
    await server.cli('DEL', 'spoilt');
    await spoilt.submit(1);
    await until(() => theirs.data.length === 1);
    expect(theirs.gaps).to.deep.equal(['unknown-epoch']);
  });

  it('should be none that another program has fields of the same names', async () => {
    for (const epoch of ['2026-11-23T10:00:00Z', '1700000000', '20240']) {
      const key = newKey();
      await server.cli('XADD', key, '*', 'data', '1', 'epoch', epoch);
      const store = made<number>({ key });
      const client = await joined(store);
      const id = await store.submit(2);
      await server.cli('XADD', key, '*', 'data', '3', 'epoch', epoch);
      await until(() => client.data.length === 2);
      expect(client.messages, epoch).to.deep.include({ data: 2, id });
      expect(client.gaps, epoch).to.deep.equal([]);
      client.leave();
      await store.submit(4);
      const back = new LogClient(made<number>({ key }).since(client.lastId));
      await until(() => back.messages.length > 0);
      expect(
        back.messages.map(({ data }) => data),
        epoch,
      ).to.deep.equal([4]);
    }
    expect(reports.list).to.deep.equal([]);
  });

  it('should be none that another program names an entry before its own that Redis cannot have', async () => {
    const store = made<number>({ key: 'beyond' });
    const client = await joined(store);
    await server.cli('XADD', 'beyond', '*', 'data', '1', 'epoch', 'abcd', 'prev', '99999999999999999999-0');
    await store.submit(2);
    await until(() => client.data.length === 2);
    expect(client.gaps).to.deep.equal([]);
    expect(reports.list).to.deep.equal([]);
  });

  it('should be reported with the gap, when Redis does not say whether anything is missing', async () => {
    await server.cli('ACL', 'SETUSER', 'limited', 'on', '>secret', '+@all', '~*', '&*', '-xrange');
    const limited = redis.duplicate({ username: 'limited', password: 'secret' });
    const key = newKey();
    const store = made<number>({ redis: limited, key });
    const client = await joined(store);
    await server.cli('XADD', key, '*', 'data', '1');
    await until(() => client.data.length === 1);
    expect(client.gaps).to.deep.equal(['trimmed']);
    expect(reports.list.map(({ during }) => during)).to.deep.equal(['read']);
    expect(reports.list[0]?.error).to.include({ code: 'ERR_REDIS_REPLY', command: 'XRANGE' });
    allLogClientsLeave();
    await store.close();
    limited.disconnect();
  });

  it('should be told once, when Redis has lost what it had acknowledged and its clock is behind', async () => {
    const store = made<number>({ key: 'behind' });
    const client = await joined(store);
    await store.submit(1);
    await until(() => client.data.length === 1);
    // What a replica that was promoted has: an older entry, and none of the acknowledged ones.
    const ahead = `${Date.now() + 60_000}-0`;
    const other = made<number>({ key: 'behind' });
    await server.cli('XADD', 'behind', ahead, 'data', '2');
    await other.submit(3);
    await store.submit(4);
    await until(() => client.data.length === 4);
    const lost = (await redis.xrevrange('behind', '+', '-', 'COUNT', 1))[0]?.[0] as string;
    await server.cli('XDEL', 'behind', lost);
    for (const n of numbers(5, 9)) await store.submit(n);
    await until(() => client.data.length === 9);
    expect(client.gaps).to.deep.equal(['unknown-epoch']);
  });

  it('should be seen: the newest entry was deleted', async () => {
    const store = made<number>({ key: 'deleted' });
    const client = await joined(store);
    await store.submit(1);
    await until(() => client.data.length === 1);
    client.leave();
    await store.submit(2);
    const [newest] = await redis.xrevrange('deleted', '+', '-', 'COUNT', 1);
    await server.cli('XDEL', 'deleted', newest?.[0] as string);
    await made<number>({ key: 'deleted' }).submit(3);
    const back = new LogClient(made<number>({ key: 'deleted' }).since(client.lastId, { otherwise: 'earliest' }));
    await until(() => back.data.includes(3));
    expect(back.gaps).to.deep.equal(['trimmed']);
  });

  it('should give who wants the earliest of an emptied stream a position, and then what comes', async () => {
    const store = made<number>({ key: 'emptied' });
    await store.submit(1);
    await server.cli('XTRIM', 'emptied', 'MAXLEN', '0');
    const client = new LogClient(store.since(undefined, { otherwise: 'earliest' }));
    await until(() => client.lastId !== undefined);
    await store.submit(2);
    await until(() => client.data.length === 1);
    expect(client.messages.map(({ data }) => data)).to.deep.equal([2]);
  });

  it('should be told of a replaced stream, however busy the others are', async () => {
    const [replaced, busy] = [made<number>({ key: 'replaced' }), made<number>()];
    const client = await joined(replaced);
    await joined(busy);
    await replaced.submit(1);
    await until(() => client.data.length === 1);
    await server.cli('DEL', 'replaced');
    await server.cli('XADD', 'replaced', '5-0', 'data', '7');
    await until(async () => {
      await busy.submit(1);
      return client.gaps.length === 1;
    });
    expect(client.gaps).to.deep.equal(['unknown-epoch']);
  });

  it('should keep the order of what one store publishes, though Redis forgets its scripts', async () => {
    const store = made<number>();
    const client = await joined(store);
    const sent: Promise<string>[] = [];
    for (const n of numbers(1, 1_000)) {
      sent.push(store.submit(n));
      if (n % 50 === 0) await Promise.all([server.cli('SCRIPT', 'FLUSH'), ...sent.splice(0, 10)]);
    }
    await Promise.all(sent);
    await until(() => client.data.length === 1_000);
    expect(client.data).to.deep.equal(numbers(1, 1_000));
  });

  it('should be no notice of the log’s own', async () => {
    const store = made<unknown>();
    const error = await failed(store.submit(new Gap({ reason: 'trimmed' })));
    expect(error.code).to.equal('ERR_INVALID_MESSAGE');
  });

  it('should be no reason to read a history of large values many times over', async () => {
    const store = made<string>({ key: 'large' });
    for (const n of numbers(1, 50)) await store.submit(`${n}`.padEnd(100_000));
    const sent = async (): Promise<number> =>
      Number((await server.cli('INFO', 'stats')).match(/total_net_output_bytes:(\d+)/)?.[1]);
    const before = await sent();
    const transport = new FakeTransport();
    transport.takes = false;
    new LogClient(made<string>({ key: 'large' }).since(undefined, { otherwise: 'earliest' }), { transport });
    const bytes = (): number => transport.written.reduce((sum, { length }) => sum + length, 0);
    for (let had = -1; bytes() < 5_000_000; ) {
      await until(() => bytes() > had);
      had = bytes();
      transport.drain();
      transport.takes = false;
    }
    expect(((await sent()) - before) / 5_000_000).to.be.below(4);
  });

  it('should let a store end whose client replays while Redis is gone', async () => {
    const own = await server.client((url) => new Redis(url, { retryStrategy: () => 20 }));
    const store = new RedisStreamStore<number>({ redis: own, key: newKey(), timeout: 100 });
    for (const n of numbers(1, 3)) await store.submit(n);
    await joined(store);
    const transport = new FakeTransport();
    transport.takes = false;
    const client = new LogClient(store.since(undefined, { otherwise: 'earliest' }), { transport });
    own.disconnect();
    const closed = store.close();
    transport.drain();
    await closed;
    await until(() => client.events.some(({ type }) => type === 'close'));
  });
});
