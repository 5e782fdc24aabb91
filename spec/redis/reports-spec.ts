import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { GapReport, ResumeReport } from 'tornadose';
import { RedisStore, RedisStreamStore } from 'tornadose/redis';
import { reported } from '../support/channels.ts';
import { LogClient } from '../support/LogClient.ts';
import { RedisServer } from '../support/RedisServer.ts';
import { closeStores, opened } from './support/stores.ts';
import { until } from './support/until.ts';

describe('What stores of Redis tell those who watch', () => {
  let server: RedisServer;
  let redis: Redis;
  /** That of another process, which has nothing of it in memory. */
  let elsewhere: Redis;

  before(async () => {
    server = await RedisServer.start();
    redis = await server.client((url) => new Redis(url, { retryStrategy: () => 20 }));
    elsewhere = await server.client((url) => new Redis(url));
  });
  after(() => server.dispose());
  afterEach(async () => {
    await closeStores();
    await redis.flushall();
  });

  const made = (key = 'orders', client = redis): RedisStreamStore<number> =>
    opened(new RedisStreamStore<number>({ redis: client, key }));
  /** What is reported of a client that comes with this position, until it has got something. */
  const resumes = (store: RedisStreamStore<number>, position: string, messages = 1): Promise<ResumeReport[]> =>
    reported('resume', async () => {
      const client = new LogClient(store.since(position));
      await until(() => client.messages.length >= messages);
    });

  it('should be whether a client has recovered, once, whether from memory or from Redis', async () => {
    const store = made();
    const client = new LogClient(store.since());
    await until(() => client.lastId !== undefined);
    const first = await store.submit(1);
    await store.submit(2);
    await until(() => client.data.length === 2);
    const recovered = [{ recovered: true, reason: undefined, log: 'orders' }];
    expect(await resumes(store, first), 'from memory').to.deep.equal(recovered);
    expect(await resumes(made(), first), 'from Redis').to.deep.equal(recovered);
    await redis.xtrim('orders', 'MAXLEN', 1);
    expect(await resumes(made(), first), 'where all that is gone was seen').to.deep.equal(recovered);

    const failed = (reason: string) => [{ recovered: false, reason, log: 'orders' }];
    expect(await resumes(store, 'no position')).to.deep.equal(failed('malformed'));
    const other = await made('others').submit(1);
    expect(await resumes(made(), other)).to.deep.equal(failed('unknown-epoch'));
    await store.submit(3);
    await redis.xtrim('orders', 'MAXLEN', 1);
    expect(await resumes(made('orders', elsewhere), first)).to.deep.equal(failed('trimmed'));
  });

  it('should be a hole in a stream, once for all who follow it', async () => {
    const store = made();
    const clients = [new LogClient(store.since()), new LogClient(store.since())];
    await until(() => clients.every(({ lastId }) => lastId !== undefined));
    await store.submit(1);
    await until(() => clients.every(({ data }) => data.length === 1));
    const reports = await reported<GapReport>('gap', async () => {
      await redis.del('orders');
      await made().submit(2);
      await until(() => clients.every(({ data }) => data.length === 2));
    });
    for (const { gaps } of clients) expect(gaps).to.deep.equal(['unknown-epoch']);
    expect(reports).to.deep.equal([{ reason: 'unknown-epoch', scope: 'log', log: 'orders' }]);
  });

  it('should be a hole that a client meets while it reads', async () => {
    const store = made();
    const ids = [await store.submit(1), await store.submit(2), await store.submit(3)] as const;
    await redis.xdel('orders', (await redis.xrange('orders', '-', '+'))[1]?.[0] as string);
    const reports = await reported<GapReport>('gap', async () => {
      const client = new LogClient(made('orders', elsewhere).since(undefined, { otherwise: 'earliest' }));
      await until(() => client.data.length === 2);
      expect(client.messages.map(({ id }) => id)).to.deep.equal(ids);
    });
    expect(reports).to.deep.equal([{ reason: 'trimmed', scope: 'client', log: 'orders' }]);
  });

  it('should be that what is retained has passed a slow client by', async () => {
    const store = made();
    const client = new LogClient(store.since());
    await until(() => client.lastId !== undefined);
    client.transport.takes = false;
    const reports = await reported<GapReport>('gap', async () => {
      for (let n = 0; n < 400; n += 1) await store.submit(n);
      await redis.xtrim('orders', 'MAXLEN', 1);
      client.transport.drain();
      await until(() => client.gaps.length === 1);
    });
    expect(client.gaps).to.deep.equal(['too-far-behind']);
    expect(reports).to.deep.equal([{ reason: 'too-far-behind', scope: 'client', log: 'orders' }]);
  });

  it('should be that a channel was away', async () => {
    const store = opened(new RedisStore({ redis, channel: 'news' }));
    const told: unknown[] = [];
    store.subscribe(() => {});
    store.gaps.subscribe((gap) => told.push(gap.data));
    await until(async () => (await redis.pubsub('CHANNELS')).length > 0);
    const reports = await reported<GapReport>('gap', async () => {
      await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await until(() => told.length > 0);
    });
    expect(told).to.deep.equal([{ reason: 'disconnected', log: 'news' }]);
    expect(reports).to.deep.equal([{ reason: 'disconnected', scope: 'log', log: 'news' }]);
  });
});
