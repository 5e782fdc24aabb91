import { expect } from 'chai';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { firstValueFrom, lastValueFrom, merge, type Subscription, take, toArray } from 'rxjs';
import { Gap, TornadoseError } from 'tornadose';
import { json, RedisStore } from 'tornadose/redis';
import { RedisServer } from '../support/RedisServer.ts';
import { type ErrorReports, errorReports } from './support/reports.ts';
import { until } from './support/until.ts';

const options = { connectionName: 'spec', retryStrategy: () => 20 };
const clients = {
  'ioredis 5': (port: number) => new Redis5(port, '127.0.0.1', options),
  'ioredis 6 (RESP3)': (port: number) => new Redis6(port, '127.0.0.1', options),
  'ioredis 6 (RESP2)': (port: number) => new Redis6(port, '127.0.0.1', { ...options, protocol: 2 }),
};

for (const [name, connect] of Object.entries(clients)) {
  describe(`A sharded RedisStore on ${name}`, () => {
    let server: RedisServer;
    let redis: Redis5 | Redis6;
    let reports: ErrorReports;

    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.dispose());
    beforeEach(() => {
      redis = connect(server.port);
      redis.on('error', () => {});
      reports = errorReports();
    });
    afterEach(async () => {
      reports.stop();
      redis.disconnect();
      await until(async () => (await connections()) === 0);
    });

    const connections = async (): Promise<number> =>
      (await server.cli('CLIENT', 'LIST')).split('\n').filter((line) => line.includes('name=spec')).length;
    const subscriptions = async (): Promise<unknown> => redis.call('PUBSUB', 'SHARDCHANNELS');
    /** What its clients are sent, gaps included. */
    const sentBy = <T>(store: RedisStore<T>): (T | Gap)[] => {
      const values: (T | Gap)[] = [];
      merge(store, store.gaps).subscribe((value) => values.push(value));
      return values;
    };

    it('should deliver what it publishes to its own observers, at once after they subscribed', async () => {
      const store = new RedisStore<number>({ redis, sharded: true, codec: json });
      const all = lastValueFrom(store.pipe(take(2_000), toArray()));
      for (let each = 1; each < 2_000; each += 1) store.next(each);
      expect(await store.submit(2_000)).to.equal(1);
      expect(await all).to.deep.equal(Array.from({ length: 2_000 }, (_, each) => each + 1));
      expect(reports.list).to.deep.equal([]);
      await store.close();
    });

    it('should deliver what redis-cli publishes, and nothing of the plain channel of its name', async () => {
      const sharded = new RedisStore({ redis, channel: 'name', sharded: true });
      const plain = new RedisStore({ redis, channel: 'name' });
      const [fromSharded, fromPlain] = [firstValueFrom(sharded), firstValueFrom(plain)];
      await Promise.all([sharded.submit('sharded'), plain.submit('plain')]);
      expect(await Promise.all([fromSharded, fromPlain])).to.deep.equal(['sharded', 'plain']);
      const values = sentBy(sharded);
      await until(async () => (await server.cli('SPUBLISH', 'name', 'from the shell: häß 🌪')) === '1');
      await until(() => values.length === 1);
      expect(values).to.deep.equal(['from the shell: häß 🌪']);
      await Promise.all([sharded.close(), plain.close()]);
    });

    it('should use the channel as ioredis names it, with its key prefix', async () => {
      const prefixed = redis.duplicate({ keyPrefix: 'app:' });
      const store = new RedisStore({ redis: prefixed, channel: 'news', sharded: true });
      const values = sentBy(store);
      expect(await store.submit('one')).to.equal(1);
      expect(await server.cli('SPUBLISH', 'app:news', 'two')).to.equal('1');
      await until(() => values.length === 2);
      expect(values).to.deep.equal(['one', 'two']);
      await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await until(() => values.length === 3);
      expect(values[2]).to.deep.equal(new Gap({ reason: 'disconnected', log: 'news' }));
      await store.close();
      prefixed.disconnect();
    });

    it('should say that something may be missing after a lost connection, before anything newer', async () => {
      const store = new RedisStore({ redis, sharded: true });
      const values = sentBy(store);
      for (let cut = 1; cut <= 5; cut += 1) {
        await store.submit('before');
        await until(() => values.length === 2 * cut - 1);
        await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
        await until(() => values.length === 2 * cut);
      }
      await store.submit('after');
      await until(() => values.length === 11);
      const gap = new Gap({ reason: 'disconnected', log: 'tornadose' });
      expect(values).to.deep.equal([...Array(5).fill(['before', gap]).flat(), 'after']);
      await store.close();
    });

    it('should send what waits once Redis is back, after the subscription and after the gap', async () => {
      const store = new RedisStore<number>({ redis, sharded: true, codec: json });
      const values = sentBy(store);
      await store.submit(-1);
      await until(() => values.length === 1);
      await server.stop();
      const sending = Array.from({ length: 100 }, (_, each) => store.submit(each));
      await server.restart();
      expect(await Promise.all(sending)).to.deep.equal(Array(100).fill(1));
      await until(() => values.length === 102);
      expect(values.splice(0, 2)[1]).to.be.instanceOf(Gap);
      expect(values).to.deep.equal([...Array(100).keys()]);
      await store.close();
    });

    it('should share one connection, subscribe once for a channel, and let all go a while after the last', async () => {
      const stores = ['a', 'a', 'b', 'c'].map((channel) => new RedisStore({ redis, channel, sharded: true }));
      const subscribed: Subscription[] = stores.map((store) => store.subscribe());
      await Promise.all(stores.map((store) => store.submit('subscribed by now')));
      expect(await connections()).to.equal(2);
      expect(await redis.call('PUBSUB', 'SHARDNUMSUB', 'a', 'b')).to.deep.equal(['a', 1, 'b', 1]);
      subscribed[0]?.unsubscribe();
      subscribed[2]?.unsubscribe();
      await until(async () => String(await redis.call('PUBSUB', 'SHARDNUMSUB', 'a', 'b')) === 'a,1,b,0');
      for (const client of subscribed) client.unsubscribe();
      await until(async () => String(await subscriptions()) === '');
      expect(await connections()).to.equal(2);
      await until(async () => (await connections()) === 1);
      await Promise.all(stores.map((store) => store.close()));
    });

    it('should find its way through clients that come and go in one turn', async () => {
      const store = new RedisStore({ redis, sharded: true });
      const kept = store.subscribe();
      for (let each = 0; each < 10; each += 1) {
        kept.unsubscribe();
        const last = lastValueFrom(store.pipe(take(3), toArray()));
        for (const value of ['1', '2', '3']) store.next(value);
        expect(await last).to.deep.equal(['1', '2', '3']);
      }
      await store.close();
      await until(async () => (await connections()) === 1);
    });

    it('should report a channel that is forbidden, and subscribe the others', async () => {
      await redis.call('ACL', 'SETUSER', 'limited', 'on', '>secret', '+@all', '~*', 'resetchannels', '&open*');
      const limited = redis.duplicate({ username: 'limited', password: 'secret' });
      const stores = ['open1', 'forbidden', 'open2'].map(
        (channel) => new RedisStore({ redis: limited, channel, sharded: true, timeout: 200 }),
      );
      const values = stores.map((store) => sentBy(store));
      await Promise.all([stores[0]?.submit('1'), stores[2]?.submit('2')]);
      await until(() => values[0]?.length === 1 && values[2]?.length === 1);
      const error = await stores[1]?.submit('no').catch((reason) => reason);
      expect(error).to.include({ code: 'ERR_REDIS_REPLY', command: 'SPUBLISH' });
      const [report] = reports.list;
      expect(TornadoseError.is(report?.error, 'ERR_REDIS_REPLY') && report.error.command).to.equal(
        'SSUBSCRIBE forbidden',
      );
      await Promise.all(stores.map((store) => store.close()));
      limited.disconnect();
    });
  });
}

describe('A sharded RedisStore', () => {
  it('should refuse what is no answer to whether it is sharded', () => {
    const redis = new Redis6({ lazyConnect: true });
    for (const sharded of [1, 'yes', null]) {
      expect(() => new RedisStore({ redis, sharded: sharded as unknown as boolean }))
        .to.throw(TornadoseError)
        .that.includes({ code: 'ERR_INVALID_OPTION', option: 'sharded' });
    }
    redis.disconnect();
  });

  it('should notice a subscription that has gone silent', async () => {
    const server = await RedisServer.start();
    const redis = new Redis6(server.port, '127.0.0.1', options);
    const reports = errorReports();
    const store = new RedisStore({ redis, sharded: true, timeout: 100 });
    const values: (string | Gap)[] = [];
    merge(store, store.gaps).subscribe((value) => values.push(value));
    await until(async () => (await server.cli('PUBSUB', 'SHARDCHANNELS')) !== '');
    server.pause();
    await until(() => reports.list.some(({ during }) => during === 'subscribe'));
    server.resume();
    await until(() => values.length > 0);
    expect(values[0]).to.be.instanceOf(Gap);
    await until(async () => (await server.cli('SPUBLISH', 'tornadose', 'after')) === '1');
    await until(() => values.includes('after'));
    await store.close();
    reports.stop();
    redis.disconnect();
    await server.dispose();
  });
});
