import { expect } from 'chai';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { firstValueFrom, lastValueFrom, type Subscription, take, toArray } from 'rxjs';
import { RedisStore } from 'tornadose/redis';
import { RedisServer } from '../support/RedisServer.ts';
import { until } from './support/until.ts';

const clients = {
  'ioredis 5': (port: number) => new Redis5(port, '127.0.0.1', { connectionName: 'spec' }),
  'ioredis 6': (port: number) => new Redis6(port, '127.0.0.1', { connectionName: 'spec' }),
};

for (const [name, connect] of Object.entries(clients)) {
  describe(`The connections of RedisStores on ${name}`, () => {
    let server: RedisServer;
    let redis: Redis5 | Redis6;

    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.dispose());
    beforeEach(() => {
      redis = connect(server.port);
    });
    afterEach(async () => {
      redis.disconnect();
      await until(async () => (await connections()) === 0);
    });

    /** How many the server has, but for the one that asks. */
    const connections = async (): Promise<number> =>
      (await server.cli('CLIENT', 'LIST')).split('\n').filter((line) => line.includes('name=spec')).length;
    const subscriptions = async (): Promise<number> => (await redis.pubsub('CHANNELS')).length;

    it('should be two, for a thousand stores with clients', async () => {
      const warnings: Error[] = [];
      const warned = (warning: Error): void => {
        warnings.push(warning);
      };
      process.on('warning', warned);
      const stores = Array.from({ length: 1_000 }, (_, each) => new RedisStore({ redis, channel: `c${each}` }));
      const firsts = stores.map((store) => firstValueFrom(store));
      await Promise.all(stores.map((store, each) => store.submit(`${each}`)));
      expect(await Promise.all(firsts)).to.deep.equal(stores.map((_, each) => `${each}`));
      expect(await connections()).to.equal(2);
      const most = Math.max(...redis.eventNames().map((event) => redis.listenerCount(event)));
      expect(most).to.be.lessThan(5);
      await Promise.all(stores.map((store) => store.close()));
      await until(async () => (await connections()) === 1);
      process.off('warning', warned);
      expect(warnings).to.deep.equal([]);
    });

    it('should be one while nobody listens', async () => {
      const store = new RedisStore({ redis });
      await store.submit('nobody');
      expect(await connections()).to.equal(1);
      await store.close();
    });

    it('should subscribe for the first client of a channel, and unsubscribe after the last', async () => {
      const one = new RedisStore({ redis, channel: 'shared' });
      const two = new RedisStore({ redis, channel: 'shared' });
      const other = new RedisStore({ redis, channel: 'other' });
      const clients: Subscription[] = [one, one, two, other].map((store) => store.subscribe());
      await until(async () => (await subscriptions()) === 2);
      expect(await redis.pubsub('NUMSUB', 'shared')).to.deep.equal(['shared', 1]);
      clients[0]?.unsubscribe();
      clients[1]?.unsubscribe();
      await one.close();
      expect(await redis.pubsub('NUMSUB', 'shared')).to.deep.equal(['shared', 1]);
      clients[2]?.unsubscribe();
      await until(async () => (await subscriptions()) === 1);
      expect(await redis.pubsub('CHANNELS')).to.deep.equal(['other']);
      await Promise.all([two.close(), other.close()]);
      await until(async () => (await connections()) === 1);
    });

    it('should let the connection go a while after the last client has left', async () => {
      const store = new RedisStore({ redis });
      const client = store.subscribe();
      await until(async () => (await subscriptions()) === 1);
      client.unsubscribe();
      await until(async () => (await subscriptions()) === 0);
      expect(await connections()).to.equal(2);
      await until(async () => (await connections()) === 1);
      await store.close();
    });

    it('should find its way through clients that come and go in one turn', async () => {
      const store = new RedisStore({ redis });
      for (let each = 0; each < 10; each += 1) store.subscribe().unsubscribe();
      const kept = store.subscribe();
      await until(async () => (await subscriptions()) === 1);
      for (let each = 0; each < 10; each += 1) {
        kept.unsubscribe();
        const last = lastValueFrom(store.pipe(take(3), toArray()));
        for (const value of ['1', '2', '3']) store.next(value);
        expect(await last).to.deep.equal(['1', '2', '3']);
      }
      expect(await connections()).to.equal(2);
      await store.close();
    });

    it('should share the bound on what is on its way', async () => {
      const one = new RedisStore({ redis, channel: 'one', maxPending: 2 });
      const two = new RedisStore({ redis, channel: 'two', maxPending: 2 });
      const three = new RedisStore({ redis, channel: 'three', maxPendingBytes: 3 });
      const sent = [one.submit('1'), two.submit('2')];
      const codes = await Promise.all(
        [one.submit('3'), two.submit('3'), three.submit('33')].map((each) => each.catch(({ code }) => code)),
      );
      expect(codes).to.deep.equal(Array(3).fill('ERR_REDIS_BUSY'));
      expect(await Promise.all(sent)).to.deep.equal([0, 0]);
      expect(await two.submit('3')).to.equal(0);
      await Promise.all([one.close(), two.close(), three.close()]);
    });
  });
}
