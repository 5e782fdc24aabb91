import { expect } from 'chai';
import { Redis } from 'ioredis';
import { merge } from 'rxjs';
import { Gap, TornadoseError } from 'tornadose';
import { RedisStore } from 'tornadose/redis';
import { RedisServer } from '../support/RedisServer.ts';
import { type ErrorReports, errorReports } from './support/reports.ts';
import { until } from './support/until.ts';

describe('Subscribing to Redis', () => {
  let server: RedisServer;
  let redis: Redis;
  let reports: ErrorReports;

  beforeEach(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.port, '127.0.0.1');
    reports = errorReports();
  });
  afterEach(async () => {
    reports.stop();
    redis.disconnect();
    await server.dispose();
  });

  it('should report a channel that is forbidden, subscribe the others, and try again', async () => {
    const rules = ['on', '>secret', '+@all', '~*', 'resetchannels'];
    await redis.call('ACL', 'SETUSER', 'limited', ...rules, '&open*');
    const limited = redis.duplicate({ username: 'limited', password: 'secret' });
    const names = [...Array(120).keys()].map((each) => (each === 60 ? 'secret' : `open${each}`));
    const stores = names.map((channel) => new RedisStore({ redis: limited, channel }));
    const values: (string | Gap)[] = [];
    for (const store of stores) merge(store, store.gaps).subscribe((value) => values.push(value));
    await until(async () => (await redis.pubsub('CHANNELS')).length === 119);
    await until(() => reports.list.length > 0);
    const [report] = reports.list;
    expect(report?.during).to.equal('subscribe');
    expect(TornadoseError.is(report?.error, 'ERR_REDIS_REPLY') && report.error.command).to.equal('SUBSCRIBE secret');
    expect(reports.list).to.have.length(1);
    await redis.call('ACL', 'SETUSER', 'limited', '&secret');
    await until(async () => (await redis.pubsub('CHANNELS')).length === 120);
    await redis.publish('secret', 'now');
    await until(() => values.length === 2);
    expect(values).to.deep.equal([new Gap({ reason: 'disconnected', log: 'secret' }), 'now']);
    await Promise.all(stores.map((store) => store.close()));
    limited.disconnect();
  });

  it('should not keep a publish from Redis because its channel cannot be subscribed', async () => {
    await redis.config('SET', 'maxclients', 1);
    const store = new RedisStore({ redis, timeout: 500 });
    const values: (string | Gap)[] = [];
    merge(store, store.gaps).subscribe((value) => values.push(value));
    expect(await store.submit('unheard')).to.equal(0);
    expect(values).to.deep.equal([]);
    await redis.config('SET', 'maxclients', 100);
    await until(() => values.length === 1);
    expect(values[0]).to.be.instanceOf(Gap);
    expect(await store.submit('heard')).to.equal(1);
    await store.close();
  });

  it('should tell those who only watch the gaps', async () => {
    const store = new RedisStore({ redis });
    const gaps: Gap[] = [];
    store.gaps.subscribe((gap) => gaps.push(gap));
    await store.submit('subscribed by now');
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => gaps.length === 1);
    expect(gaps[0]?.data).to.deep.equal({ reason: 'disconnected', log: 'tornadose' });
    await store.close();
  });

  it('should tell every store of a channel, and none that has no clients', async () => {
    const stores = ['a', 'a', 'b'].map((channel) => new RedisStore({ redis, channel }));
    const told: string[] = [];
    for (const [each, store] of stores.entries()) {
      store.gaps.subscribe(({ data }) => told.push(`${each} ${data.log}`));
    }
    const left = stores[2]?.subscribe();
    left?.unsubscribe();
    await Promise.all(stores.map((store) => store.submit('subscribed by now')));
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => told.length === 3);
    expect(told.sort()).to.deep.equal(['0 a', '1 a', '2 b']);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('should leave a quiet connection alone', async () => {
    const store = new RedisStore({ redis, timeout: 400 });
    const gaps: Gap[] = [];
    merge(store, store.gaps).subscribe((value) => value instanceof Gap && gaps.push(value));
    await until(async () => (await redis.pubsub('CHANNELS')).length === 1);
    const pings = async (): Promise<number> =>
      Number(/cmdstat_ping:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    const before = await pings();
    await until(async () => (await pings()) > before);
    expect(await store.submit('still there')).to.equal(1);
    expect(gaps).to.deep.equal([]);
    await store.close();
  });
});
