import { once } from 'node:events';
import { expect } from 'chai';
import fc from 'fast-check';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import type { Subscription } from 'rxjs';
import { TornadoseError } from 'tornadose';
import { RedisPresence, type RedisPresenceOptions } from 'tornadose/redis';
import {
  ann,
  bob,
  cid,
  connect,
  presenceContract,
  rosterOf,
  type User,
  watch,
  watching,
} from '../contracts/presenceContract.ts';
import { startProgram, stopDemos } from '../demos/startDemo.ts';
import { RedisServer } from '../support/RedisServer.ts';
import { failed } from './support/failed.ts';
import { errorReports } from './support/reports.ts';
import { until } from './support/until.ts';

const retryStrategy = (): number => 20;
const clients = {
  'ioredis 5': (port: number) => new Redis5(port, '127.0.0.1', { retryStrategy, connectionName: 'spec' }),
  'ioredis 6': (port: number) =>
    new Redis6(port, '127.0.0.1', { retryStrategy, connectionName: 'spec', keyPrefix: 'app:' }),
};

describe('RedisPresence', () => {
  // One of them starts a process.
  let server: RedisServer;
  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.dispose());

  for (const [name, connected] of Object.entries(clients)) {
    describe(`on ${name}`, () => {
      let redis: Redis5 | Redis6;
      before(() => {
        redis = connected(server.port);
      });
      after(() => redis.disconnect());

      presenceContract(`RedisPresence on ${name}`, (options) => new RedisPresence<User>({ redis, ...options }));
    });
  }

  const open: { close(): unknown }[] = [];
  let topics = 0;
  let topic: string;

  beforeEach(() => {
    topics += 1;
    topic = `room ${topics}`;
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
    await stopDemos();
  });

  /** A process of its own, but for the memory. */
  const start = (options: Partial<RedisPresenceOptions> = {}): RedisPresence<User> => {
    const redis = new Redis6(server.port, '127.0.0.1', { retryStrategy, connectionName: 'spec' });
    redis.on('error', () => {});
    const presence = new RedisPresence<User>({ redis, linger: 0, ...options });
    open.push({ close: () => presence.close().finally(() => redis.disconnect()) });
    return presence;
  };
  const connections = async (): Promise<number> =>
    (await server.cli('CLIENT', 'LIST')).split('\n').filter((line) => line.includes('name=spec')).length;

  it('should refuse wrong options', () => {
    const redis = new Redis6({ lazyConnect: true });
    const wrong = [
      undefined,
      {},
      { redis: {} },
      { redis, prefix: '' },
      { redis, ttl: 999 },
      { redis, ttl: 2 ** 31 },
      { redis, ttl: '1000' },
      { redis, timeout: 0 },
      { redis, linger: -1 },
      { redis, linger: 2 ** 31 },
      { redis, tll: 30_000 },
    ];
    for (const options of wrong)
      expect(() => new RedisPresence(options as never))
        .to.throw(TornadoseError)
        .with.property('code', 'ERR_INVALID_OPTION');
  });

  it('should be one presence for all processes', async () => {
    const [one, two] = [start(), start()];
    const told = [await watching(one, topic), await watching(two, topic)];
    const tabs = [connect(one, topic, ann), connect(two, topic, ann)];
    connect(two, topic, bob);
    await until(() => told.every((each) => rosterOf(each).length === 2));
    expect(await start().members(topic)).to.have.deep.members([ann, bob]);
    expect(await start().count(topic)).to.equal(2);
    tabs[0]?.unsubscribe();
    connect(one, topic, cid);
    await until(() => told.every((each) => rosterOf(each).length === 3));
    tabs[1]?.unsubscribe();
    await until(() => told.every((each) => rosterOf(each).length === 2));
    for (const each of told) {
      expect(each.map(({ type }) => type)).to.have.members(['here', 'join', 'join', 'join', 'leave']);
      expect(each.at(-1)).to.deep.include({ type: 'leave', id: '1', member: ann, count: 2 });
    }
  });

  it('should describe members by the connection that came last, in whichever process, watched or not', async () => {
    const [one, two, watched] = [start(), start(), start()];
    const told = await watching(watched, topic);
    const names = (): string[] =>
      told.flatMap((each) => (each.type === 'here' ? [] : [`${each.type} ${each.member.name}`]));
    const anne = { ...ann, name: 'Anne' };
    for (const [n, [process, user]] of (
      [
        [one, ann],
        [two, anne],
        [one, ann],
        [two, anne],
        [watched, ann],
      ] as const
    ).entries()) {
      connect(process, topic, user);
      await until(() => names().length > n);
    }
    connect(one, topic, ann);
    connect(one, topic, bob);
    await until(() => names().length > 5);
    expect(names()).to.deep.equal(['join Ann', 'update Anne', 'update Ann', 'update Anne', 'update Ann', 'join Bob']);
    expect(await start().members(topic)).to.have.deep.members([ann, bob]);
  });

  it('should show a newcomer who is in other processes, and no hole while they come and go', async () => {
    const [one, two] = [start(), start()];
    const rest = watch(two, topic);
    const told: ReturnType<typeof watch>[] = [];
    for (let n = 0; n < 60; n += 1) {
      const connection = connect(n % 3 === 0 ? two : one, topic, { id: `${n}`, name: 'x' });
      if (n % 2 === 0) setTimeout(() => connection.unsubscribe(), n % 7);
      if (n % 10 === 0) told.push(watch(one, topic), watch(two, topic));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => [rest, ...told].every((each) => each.length > 0 && rosterOf(each).length === 30));
    expect(await one.count(topic)).to.equal(30);
  });

  it('should take two connections of a process, whatever the number of topics, and none while nobody watches', async () => {
    const before = await connections();
    const presence = start();
    const members = Array.from({ length: 100 }, (_, n) => connect(presence, `${topic} ${n}`, ann));
    await until(async () => (await presence.count(`${topic} 99`)) === 1);
    expect(await connections()).to.equal(before + 1);
    const told = Array.from({ length: 100 }, (_, n) => watch(presence, `${topic} ${n}`));
    await until(() => told.every(([state]) => state?.count === 1));
    expect(await connections()).to.equal(before + 2);
    for (const each of members) each.unsubscribe();
    await until(() => told.every((each) => rosterOf(each).length === 0));
  });

  it('should leave what it has in Redis to expire, and nothing on the client', async () => {
    const redis = new Redis6(server.port, '127.0.0.1');
    await once(redis, 'ready');
    const listeners = (): number => redis.eventNames().reduce((sum, event) => sum + redis.listenerCount(event), 0);
    const before = listeners();
    const presence = new RedisPresence<User>({ redis, ttl: 60_000, prefix: 'who', linger: 0 });
    const connection = connect(presence, topic, ann);
    await until(async () => (await redis.hlen(`who:${topic}`)) === 4);
    const [[seconds = 0], lease] = [await redis.time(), await redis.hget(`who:${topic}`, 'l')];
    // What is left of the ttl is for the others to notice. A renewal, each quarter of it, may fail.
    expect(Number(lease?.split(/[=:]/)[1]) - Number(seconds) * 1_000).to.be.within(40_000, 46_000);
    // Three quarters of the ttl, and the ttl.
    expect(await redis.pttl(`who:${topic}`)).to.be.within(90_000, 105_000);
    connection.unsubscribe();
    await until(async () => (await redis.hlen(`who:${topic}`)) === 3);
    expect(await redis.pttl(`who:${topic}`)).to.be.within(50_000, 60_000);
    await until(() => listeners() === before);
    connect(presence, topic, ann);
    await presence.close();
    expect(listeners()).to.equal(before);
    expect(await redis.hlen(`who:${topic}`)).to.equal(3);
    redis.disconnect();
  });

  it('should have the members of a killed process leave', async () => {
    const ttl = 1_000;
    const presence = start({ ttl });
    const told = watch(presence, topic);
    connect(presence, topic, ann);
    const child = startProgram(['spec/redis/process/tracks.ts', server.url, topic, `${ttl}`, '7', '8']);
    await until(() => rosterOf(told).length === 3);
    await child.stop('SIGKILL');
    await until(() => rosterOf(told).length === 1);
    expect(rosterOf(told)).to.deep.equal([ann]);
  });

  it('should leave members for the linger when it is closed, so that another process may take them on', async () => {
    const [one, two] = [start({ linger: 400, ttl: 2_000 }), start({ linger: 400, ttl: 2_000 })];
    const told = await watching(two, topic);
    connect(one, topic, ann);
    connect(one, topic, bob);
    await until(() => rosterOf(told).length === 2);
    await one.close();
    connect(two, topic, ann);
    await until(() => told.some(({ type }) => type === 'leave'));
    expect(rosterOf(told)).to.deep.equal([ann]);
    expect(told.map(({ type }) => type)).to.deep.equal(['here', 'join', 'join', 'leave']);
  });

  it('should leave members for the whole linger when it is closed, also where it is longer than the ttl', async () => {
    const presence = start({ linger: 60_000, ttl: 1_000 });
    connect(presence, topic, ann);
    await until(async () => (await presence.count(topic)) === 1);
    await presence.close();
    const [seconds] = (await server.cli('TIME')).split('\n');
    const lease = await server.cli('HGET', `presence:${topic}`, 'l');
    expect(Number(lease.split(/[=:]/)[1]) - Number(seconds) * 1_000).to.be.within(50_000, 61_000);
    expect(Number(await server.cli('PTTL', `presence:${topic}`))).to.be.within(50_000, 61_000);
  });

  it('should see as joins and leaves what has changed while the subscription was lost', async () => {
    const [one, two] = [start(), start()];
    const told = watch(one, topic);
    const leaving = connect(two, topic, ann);
    await until(() => rosterOf(told).length === 1);
    for (let n = 0; n < 5; n += 1) {
      const before = told.length;
      await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      connect(two, topic, { id: `new ${n}`, name: 'x' });
      if (n === 0) leaving.unsubscribe();
      await until(() => told.length > before && rosterOf(told).length === n + 1);
    }
    expect(rosterOf(told).map(({ id }) => id)).to.deep.equal([0, 1, 2, 3, 4].map((n) => `new ${n}`));
  });

  it('should go on without Redis, and be right again with a Redis that has lost everything, without a flicker', async () => {
    const [one, two] = [start({ ttl: 2_000, timeout: 200 }), start({ ttl: 2_000, timeout: 200 })];
    const reports = errorReports();
    const told = [await watching(one, topic), await watching(two, topic)];
    connect(one, topic, ann);
    const leaving = connect(two, topic, bob);
    await until(() => told.every((each) => rosterOf(each).length === 2));
    await server.stop();
    connect(one, topic, cid);
    // Who comes here is seen here.
    expect(rosterOf(told[0] as never)).to.deep.equal([ann, bob, cid]);
    leaving.unsubscribe();
    const asked = await failed(one.members('another'));
    expect(asked.code).to.be.oneOf(['ERR_REDIS_DOWN', 'ERR_REDIS_TIMEOUT']);
    const late = watch(one, `${topic}!`);
    connect(one, `${topic}!`, ann);
    await until(() => late.length === 2);
    await server.restart();
    await until(() =>
      told.every(
        (each) =>
          rosterOf(each)
            .map(({ id }) => id)
            .join() === '1,3',
      ),
    );
    reports.stop();
    expect(reports.list.every(({ during }) => during === 'presence' || during === 'subscribe')).to.equal(true);
    for (const each of told)
      expect(each.filter((message) => message.type !== 'here' && message.id === '1')).to.have.length(1);
    expect(await two.members(`${topic}!`)).to.deep.equal([ann]);
  });

  it('should notice that it was forgotten, and say again who is here', async () => {
    const [one, two] = [start({ ttl: 2_000 }), start({ ttl: 2_000 })];
    const told = await watching(two, topic);
    connect(one, topic, ann);
    await until(() => rosterOf(told).length === 1);
    await server.cli('FLUSHALL');
    await server.cli('SCRIPT', 'FLUSH');
    const reader = start();
    await until(async () => (await reader.count(topic)) === 1);
    connect(one, topic, bob);
    await until(() => rosterOf(told).length === 2);
    expect(told.map(({ type }) => type)).to.deep.equal(['here', 'join', 'join']);
  });

  it('should notice that it was forgotten, also when the answer that says so comes too late', async () => {
    const one = start({ ttl: 2_000, timeout: 200 });
    const told = await watching(one, topic);
    connect(one, topic, ann);
    await until(() => rosterOf(told).length === 1);
    const reports = errorReports();
    await server.cli('FLUSHALL');
    // What comes meanwhile is done afterwards.
    await server.cli('CLIENT', 'PAUSE', '2000', 'ALL');
    connect(one, topic, cid);
    await until(() => reports.list.length > 0);
    reports.stop();
    const reader = start();
    await until(async () => (await reader.count(topic)) === 2);
    expect((await reader.members(topic)).map(({ id }) => id).sort()).to.deep.equal(['1', '3']);
  });

  it('should come to what is so when a replica takes over that did not have all', async () => {
    const [one, two] = [start({ ttl: 1_000 }), start({ ttl: 1_000 })];
    const redis = new Redis6(server.port, '127.0.0.1');
    const key = `presence:${topic}`;
    const told = await watching(two, topic);
    const leaving = connect(one, topic, ann);
    await until(() => rosterOf(told).length === 1);
    const before = (await redis.dumpBuffer(key)) as Buffer;
    connect(one, topic, bob);
    leaving.unsubscribe();
    await until(
      () =>
        rosterOf(told)
          .map(({ id }) => id)
          .join() === '2',
    );
    const reader = start();
    await redis.restore(key, 60_000, before, 'REPLACE');
    await until(async () => (await reader.members(topic)).map(({ id }) => id).join() === '2');
    await until(
      () =>
        rosterOf(told)
          .map(({ id }) => id)
          .join() === '2',
    );
    redis.disconnect();
  });

  it('should tell who is here as a whole where that is less than what has changed', async () => {
    const [one, two] = [start(), start()];
    const told = await watching(two, topic);
    const joins: number[] = [];
    two.changes(topic).subscribe(({ type, count }) => type === 'join' && joins.push(count));
    for (let n = 0; n < 300; n += 1) connect(one, topic, { id: `${n}`, name: 'x' });
    await until(() => joins.length === 300);
    expect(joins.at(-1)).to.equal(300);
    expect(rosterOf(told)).to.have.length(300);
    expect(told.length).to.be.lessThan(10);
    connect(one, topic, { id: 'one more', name: 'x' });
    await until(() => rosterOf(told).length === 301);
    expect(told.at(-1)?.type).to.equal('join');
  });

  it('should answer with what Redis refuses, report it, and be right once it does not', async () => {
    const presence = start({ ttl: 1_000 });
    await server.cli('SET', `presence:${topic}`, 'of another program');
    expect(await failed(presence.members(topic))).to.include({ code: 'ERR_REDIS_REPLY', command: 'EVALSHA' });
    const reports = errorReports();
    const told = await watching(presence, topic);
    connect(presence, topic, ann);
    expect(rosterOf(told)).to.deep.equal([ann]);
    await until(() => reports.list.length > 1);
    reports.stop();
    for (const { error, during } of reports.list) {
      expect(during).to.equal('presence');
      expect(error).to.include({ code: 'ERR_REDIS_REPLY' });
    }
    const reader = start();
    await server.cli('DEL', `presence:${topic}`);
    await until(async () => (await reader.count(topic)) === 1);
  });

  it('should skip what it cannot read, and look at what is so', async () => {
    const [one, two] = [start({ ttl: 1_000 }), start({ ttl: 1_000 })];
    const channel = `presence:${topic}`;
    const reports = errorReports();
    const empty = await watching(two, topic);
    for (const text of ['1 0 9\nj{', '1 9 10\nl{', 'garbage', '', '1 0']) await server.cli('PUBLISH', channel, text);
    await until(() => reports.list.length === 1);
    connect(one, topic, ann);
    await until(() => rosterOf(empty).length === 1);
    await server.cli('HSET', channel, 'm9', ',somebody, {"__proto__":{"id":"9"}}', 'm8', ',somebody, {"id":8}');
    const told = await watching(one, topic);
    await until(() => reports.list.length === 3);
    reports.stop();
    expect(rosterOf(empty)).to.deep.equal([ann]);
    expect(told[0]).to.deep.equal({ type: 'here', members: [ann], count: 1 });
    for (const { error } of reports.list) expect(error).to.include({ code: 'ERR_UNREADABLE', channel });
  });

  it('should come to what is so in all processes, whoever comes and goes where', async () => {
    const processes = [start(), start(), start()];
    const process = fc.nat(2);
    const user = fc.record({ id: fc.constantFrom('1', '2', '3', '4'), name: fc.constantFrom('a', 'b') });
    const step = fc.oneof(
      fc.record({ kind: fc.constant('connect' as const), process, user }),
      fc.record({ kind: fc.constant('disconnect' as const), index: fc.nat(5) }),
      fc.record({ kind: fc.constant('watch' as const), process }),
      fc.record({ kind: fc.constant('turn' as const) }),
    );
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        runs += 1;
        const name = `${topic} run ${runs}`;
        const connected: { id: string; connection: Subscription }[] = [];
        const watchers: { told: ReturnType<typeof watch>; subscription: Subscription }[] = [];
        const join = (at: number): void => {
          const told: ReturnType<typeof watch> = [];
          const subscription = (processes[at] as RedisPresence<User>).of(name).subscribe(({ data }) => told.push(data));
          watchers.push({ told, subscription });
        };
        join(0);
        for (const each of steps) {
          if (each.kind === 'turn') await new Promise((resolve) => setImmediate(resolve));
          else if (each.kind === 'watch') join(each.process);
          else if (each.kind === 'disconnect') connected.splice(each.index, 1)[0]?.connection.unsubscribe();
          else {
            const connection = connect(processes[each.process] as RedisPresence<User>, name, each.user);
            connected.push({ id: each.user.id, connection });
          }
        }
        const expected = [...new Set(connected.map(({ id }) => id))].sort().join();
        const idsOf = (users: readonly User[]): string =>
          users
            .map(({ id }) => id)
            .sort()
            .join();
        await until(() => watchers.every(({ told }) => told.length > 0 && idsOf(rosterOf(told)) === expected));
        // What they are called, too, is the same for everybody.
        await until(() => new Set(watchers.map(({ told }) => JSON.stringify(rosterOf(told)))).size === 1);
        await until(async () => idsOf(await (processes[1] as RedisPresence<User>).members(name)) === expected);
        for (const { connection } of connected) connection.unsubscribe();
        await until(() => watchers.every(({ told }) => rosterOf(told).length === 0));
        for (const { subscription } of watchers) subscription.unsubscribe();
      }),
      { numRuns: 40 },
    );
  });
});
