import { once } from 'node:events';
import { expect } from 'chai';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { RedisStreamStore } from 'tornadose/redis';
import { allLogClientsLeave, joined } from '../support/LogClient.ts';
import { numbers } from '../support/numbers.ts';
import { RedisServer } from '../support/RedisServer.ts';
import { closeLater, closeServers } from '../support/servers.ts';
import { silencingProxy } from '../support/silencingProxy.ts';
import { type ErrorReports, errorReports } from './support/reports.ts';
import { until } from './support/until.ts';

const retryStrategy = (): number => 20;
const clients = {
  'ioredis 5': (port: number) => new Redis5(port, '127.0.0.1', { retryStrategy }),
  'ioredis 6': (port: number) => new Redis6(port, '127.0.0.1', { retryStrategy }),
};
const timeout = 1_000;

describe('A reader of streams', () => {
  let server: RedisServer;
  let reports: ErrorReports;

  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.dispose());
  beforeEach(async () => {
    await server.cli('FLUSHALL');
    reports = errorReports();
  });
  afterEach(async () => {
    allLogClientsLeave();
    reports.stop();
    await closeServers();
  });

  /** Whether a connection waits at Redis for what comes to a stream. */
  const waits = async (): Promise<boolean> => /flags=b .*cmd=xread/.test(await server.cli('CLIENT', 'LIST'));

  for (const [name, connect] of Object.entries(clients)) {
    describe(`whose connection falls silent for good, on ${name}`, () => {
      let clock: SinonFakeTimers;

      beforeEach(() => {
        clock = useFakeTimers({
          ...{ toFake: ['setTimeout', 'clearTimeout'], shouldClearNativeTimers: true },
          shouldAdvanceTime: true,
        });
      });
      afterEach(() => clock.restore());

      it('should take another one and miss nothing', async () => {
        const proxy = await silencingProxy(server.port);
        const redis = connect(proxy.port);
        closeLater(() => redis.disconnect());
        await once(redis, 'ready');
        const stores = ['orders', 'prices'].map((key) => new RedisStreamStore<number>({ redis, key, timeout }));
        const followers = await Promise.all(stores.map((store) => joined(store)));
        await Promise.all(stores.map((store) => store.submit(0)));
        await until(() => followers.every(({ data }) => data.length === 1));
        // Twice: the second connection is watched as the first was.
        for (const [from, to] of [
          [1, 20],
          [21, 40],
        ] as const) {
          await until(waits);
          const { accepted } = proxy;
          expect(proxy.silence(/xread/i)).to.equal(1);
          reports.list.length = 0;
          for (const n of numbers(from, to)) await Promise.all(stores.map((store) => store.submit(n)));
          expect(followers.map(({ data }) => data.length)).to.deep.equal([from, from]);
          await clock.tickAsync(2_000 + timeout);
          await until(() => followers.every(({ data }) => data.length === to + 1));
          expect(proxy.accepted).to.equal(accepted + 1);
          expect(reports.list.map(({ during }) => during)).to.deep.equal(['read']);
          expect(reports.list[0]?.error).to.include({ code: 'ERR_REDIS_TIMEOUT', waited: 2_000 + timeout });
        }
        for (const { data, gaps } of followers) {
          expect(data).to.deep.equal(numbers(0, 40));
          expect(gaps).to.deep.equal([]);
        }
        allLogClientsLeave();
        await Promise.all(stores.map((store) => store.close()));
      });
    });
  }

  it('should come to a new stream by the end of its wait, when it may not be woken', async () => {
    await server.cli('ACL', 'SETUSER', 'limited', 'on', '>secret', '+@all', '~*', '&*', '-client|unblock');
    const redis = new Redis6(server.port, '127.0.0.1', { username: 'limited', password: 'secret' });
    closeLater(() => redis.disconnect());
    await once(redis, 'ready');
    const [first, second] = ['first', 'second'].map((key) => new RedisStreamStore<number>({ redis, key })) as [
      RedisStreamStore<number>,
      RedisStreamStore<number>,
    ];
    await joined(first);
    await until(waits);
    // Nothing comes to the first one, which would end the wait as well.
    const follower = await joined(second);
    await second.submit(1);
    await until(() => follower.data.length === 1);
    expect(follower.messages.map(({ data }) => data)).to.deep.equal([1]);
    expect(reports.list).to.deep.equal([]);
    allLogClientsLeave();
    await Promise.all([first.close(), second.close()]);
  });
});
