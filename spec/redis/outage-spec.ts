import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { firstValueFrom, merge } from 'rxjs';
import { Gap } from 'tornadose';
import { json, RedisStore } from 'tornadose/redis';
import { RedisServer } from '../support/RedisServer.ts';
import { failed } from './support/failed.ts';
import { errorReports } from './support/reports.ts';
import { until } from './support/until.ts';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

const retryStrategy = (): number => 20;
const clients = {
  'ioredis 5': (port: number, options: object = {}) => new Redis5(port, '127.0.0.1', { retryStrategy, ...options }),
  'ioredis 6': (port: number, options: object = {}) => new Redis6(port, '127.0.0.1', { retryStrategy, ...options }),
};

for (const [name, connect] of Object.entries(clients)) {
  describe(`A Redis that is away, on ${name}`, () => {
    let server: RedisServer;
    let redis: Redis5 | Redis6;

    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.dispose());
    beforeEach(async () => {
      await server.restart();
      redis = connect(server.port);
      // Without a listener, ioredis prints each refused connection.
      redis.on('error', () => {});
      await once(redis, 'ready');
    });
    afterEach(() => redis.disconnect());

    /** What the clients of a store are sent, gaps included. */
    const sentBy = async <T>(store: RedisStore<T>): Promise<(T | Gap)[]> => {
      const values: (T | Gap)[] = [];
      merge(store, store.gaps).subscribe((value) => values.push(value));
      await until(async () => (await redis.pubsub('CHANNELS')).length > 0);
      return values;
    };

    it('should refuse within the deadline as not sent, and go on with a gap once Redis is back', async () => {
      const store = new RedisStore({ redis, timeout: 100 });
      const values = await sentBy(store);
      await store.submit('before');
      await until(() => values.length === 1);
      await server.stop();
      const errors = await Promise.all(['one', 'two', 'three'].map((value) => failed(store.submit(value))));
      for (const error of errors) expect(error.code).to.equal('ERR_REDIS_DOWN');
      await server.restart();
      await until(() => values.length === 2);
      await server.cli('PUBLISH', 'tornadose', 'after');
      await until(() => values.length === 3);
      expect(values).to.deep.equal(['before', new Gap({ reason: 'disconnected', log: 'tornadose' }), 'after']);
      expect(await store.submit('and again')).to.equal(1);
      await store.close();
    });

    it('should send what waits once Redis is back, after the subscription and after the gap', async () => {
      const store = new RedisStore<number>({ redis, codec: json });
      const values = await sentBy(store);
      await server.stop();
      const sending = Array.from({ length: 1_000 }, (_, each) => store.submit(each));
      await server.restart();
      expect(await Promise.all(sending)).to.deep.equal(Array(1_000).fill(1));
      await until(() => values.length === 1_001);
      expect(values.shift()).to.be.instanceOf(Gap);
      expect(values).to.deep.equal([...Array(1_000).keys()]);
      await store.close();
    });

    it('should settle 200 000 publishes of one tick, and hold no more than may be pending', async () => {
      const store = new RedisStore({ redis, timeout: 200, maxPending: 1_000 });
      await server.stop();
      await until(() => redis.status !== 'ready');
      const counts: Record<string, number> = {};
      let settled = 0;
      const publish = (): void => {
        store.submit('a value of some length, as it may be').then(
          () => expect.fail('nothing can be sent'),
          ({ code }: { code: string }) => {
            counts[code] = (counts[code] ?? 0) + 1;
            settled += 1;
          },
        );
      };
      const total = 200_000;
      collectGarbage();
      const before = process.memoryUsage().heapUsed;
      for (let each = 0; each < total; each += 1) publish();
      await Promise.resolve();
      // All but those that are held have their answer, before any time has passed.
      expect(settled).to.equal(total - 1_000);
      collectGarbage();
      const held = process.memoryUsage().heapUsed - before;
      expect(held).to.be.lessThan(4 * 1024 * 1024);
      await until(() => settled === total);
      expect(counts).to.deep.equal({ ERR_REDIS_BUSY: total - 1_000, ERR_REDIS_DOWN: 1_000 });
      collectGarbage();
      expect(process.memoryUsage().heapUsed - before).to.be.lessThan(2 * 1024 * 1024);
      await store.close();
    });

    it('should say that it does not know what a stopped Redis made of a publish, and keep its place', async () => {
      const store = new RedisStore({ redis, timeout: 100, maxPending: 10 });
      await store.submit('before');
      server.pause();
      const sending = Array.from({ length: 10 }, () => store.submit('unknown'));
      const busy = await failed(store.submit('one too many'));
      expect(busy).to.include({ code: 'ERR_REDIS_BUSY', pending: 10 });
      for (const each of sending) expect(await failed(each)).to.include({ code: 'ERR_REDIS_TIMEOUT' });
      expect(await failed(store.submit('still too many'))).to.include({ code: 'ERR_REDIS_BUSY', pending: 10 });
      server.resume();
      await until(() =>
        store.submit('after').then(
          () => true,
          () => false,
        ),
      );
      await store.close();
      server.resume();
    });

    it('should notice a subscription that has gone silent, and say that something may be missing', async () => {
      const store = new RedisStore({ redis, timeout: 100 });
      const values = await sentBy(store);
      const reports = errorReports();
      server.pause();
      await until(() => reports.list.some(({ during }) => during === 'subscribe'));
      reports.stop();
      server.resume();
      await until(() => values.length > 0);
      expect(values[0]).to.be.instanceOf(Gap);
      await until(async () => (await server.cli('PUBLISH', 'tornadose', 'after')) === '1');
      await until(() => values.includes('after'));
      await store.close();
    });

    it('should settle what ioredis gives up when it may not send it again', async () => {
      redis.disconnect();
      redis = connect(server.port, { autoResendUnfulfilledCommands: false });
      redis.on('error', () => {});
      const store = new RedisStore({ redis, maxPending: 1 });
      await store.submit('before');
      server.pause();
      const unknown = failed(store.submit('unknown'));
      await server.stop();
      expect(await unknown).to.include({ code: 'ERR_REDIS_TIMEOUT' });
      await server.restart();
      expect(await store.submit('its place is free')).to.equal(0);
      await store.close();
    });

    it('should refuse at once what waits for a client that its owner ends', async () => {
      const store = new RedisStore({ redis });
      await store.submit('before');
      redis.disconnect();
      const waiting = store.submit('waits');
      expect(await failed(waiting)).to.include({ code: 'ERR_REDIS_DOWN', status: 'end' });
      expect(await failed(store.submit('late'))).to.include({ code: 'ERR_REDIS_DOWN', status: 'end', waited: 0 });
      await store.close();
    });

    it('should refuse within the deadline what waits for a client that its owner ends while it reconnects', async () => {
      const store = new RedisStore({ redis, timeout: 100 });
      await server.stop();
      await until(() => redis.status === 'reconnecting');
      const waiting = store.submit('waits');
      redis.disconnect();
      expect(await failed(waiting)).to.include({ code: 'ERR_REDIS_DOWN' });
      await store.close();
    });

    it('should let go of its own connection when the client ends, say so, and go on when it is connected again', async () => {
      const store = new RedisStore({ redis });
      const values = await sentBy(store);
      const reports = errorReports();
      await redis.quit();
      await until(async () => (await server.cli('CLIENT', 'LIST', 'TYPE', 'pubsub')) === '');
      await until(() => reports.list.length > 0);
      reports.stop();
      expect(reports.list[0]).to.have.property('during', 'subscribe');
      expect(reports.list[0]?.error).to.include({ code: 'ERR_REDIS_DOWN', status: 'end' });
      await redis.connect();
      expect(await store.submit('again')).to.equal(1);
      await until(() => values.length === 2);
      expect(values[0]).to.be.instanceOf(Gap);
      expect(values[1]).to.equal('again');
      await store.close();
    });

    it('should lose nothing but what a gap says when its subscription is cut again and again', async () => {
      const store = new RedisStore<number>({ redis, codec: json });
      const values = await sentBy(store);
      let published = 0;
      for (let cut = 0; cut < 20; cut += 1) {
        for (let each = 0; each < 20; each += 1) await redis.publish('tornadose', `${published++}`);
        await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
        // Those are the ones that get lost: the subscription is not back yet.
        for (let each = 0; each < 5; each += 1) await redis.publish('tornadose', `${published++}`);
        await until(() => values.filter((value) => value instanceof Gap).length === cut + 1);
      }
      await store.submit(published);
      await until(() => values.includes(published));
      let last = -1;
      let gap = false;
      for (const value of values) {
        if (value instanceof Gap) {
          gap = true;
          continue;
        }
        if (!gap) expect(value).to.equal(last + 1);
        expect(value).to.be.greaterThan(last);
        last = value;
        gap = false;
      }
      await store.close();
    });

    it('should wait no longer for a close than the deadline', async () => {
      const store = new RedisStore({ redis, timeout: 100 });
      await server.stop();
      const waiting = failed(store.submit('waits'));
      await store.close();
      expect(await waiting).to.include({ code: 'ERR_REDIS_DOWN' });
    });

    it('should say that a client that comes while Redis is away may have missed something', async () => {
      await server.stop();
      const store = new RedisStore({ redis });
      const first = firstValueFrom(merge(store, store.gaps));
      await server.restart();
      expect(await first).to.be.instanceOf(Gap);
      await store.close();
    });
  });
}
