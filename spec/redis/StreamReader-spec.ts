import { expect } from 'chai';
import { Redis } from 'ioredis';
import { restore, spy, stub } from 'sinon';
import { TornadoseError } from 'tornadose';
import { Backoff } from '../../src/redis/Backoff.ts';
import type { StreamListener } from '../../src/redis/Followed.ts';
import type { StreamEntry } from '../../src/redis/StreamEntry.ts';
import { StreamReader } from '../../src/redis/StreamReader.ts';
import { RedisServer } from '../support/RedisServer.ts';
import { type ErrorReports, errorReports } from './support/reports.ts';
import { until } from './support/until.ts';

/** Who follows a stream, and takes in what comes. */
class Follower implements StreamListener {
  readonly key: string;
  readonly ids: string[] = [];

  constructor(key: string) {
    this.key = key;
  }

  get after(): string {
    return this.ids.at(-1) ?? '0-0';
  }

  async received(entries: readonly StreamEntry[]): Promise<void> {
    for (const { id } of entries) this.ids.push(id);
  }

  quiet(): void {}
}

/** One that fails before it has come any further. */
class Broken extends Follower {
  readonly #how: 'after' | 'received';

  constructor(key: string, how: 'after' | 'received') {
    super(key);
    this.#how = how;
  }

  override get after(): string {
    if (this.#how === 'after') throw new TypeError('after');
    return super.after;
  }

  override async received(entries: readonly StreamEntry[]): Promise<void> {
    if (this.#how === 'received') throw new TypeError('received');
    return super.received(entries);
  }
}

describe('What reads the streams of a Redis', () => {
  let server: RedisServer;
  let redis: Redis;
  let reports: ErrorReports;
  let reader: StreamReader;
  let followers: Follower[];
  let uses: boolean[];

  before(async () => {
    server = await RedisServer.start();
    redis = await server.client((url) => new Redis(url));
  });
  after(() => server.dispose());
  beforeEach(async () => {
    await redis.flushall();
    reports = errorReports();
    followers = [];
    uses = [];
    reader = new StreamReader(redis, { using: (used) => uses.push(used) });
  });
  afterEach(() => {
    for (const each of followers) reader.remove(each);
    reports.stop();
    restore();
    expect(uses.at(-1), 'nothing is used in the end').to.equal(false);
  });

  const follow = <Each extends Follower>(follower: Each): Each => {
    followers.push(follower);
    reader.add(follower, 5_000);
    return follower;
  };
  const refusals = (): number => reports.list.filter(({ error }) => TornadoseError.is(error, 'ERR_REDIS_REPLY')).length;
  const add = (key: string) => redis.xadd(key, '*', 'data', '1');

  for (const how of ['after', 'received'] as const) {
    it(`should go on with the others, and report it, when a stream fails inside: in its ${how}`, async () => {
      stub(Math, 'random').returns(0);
      const next = spy(Backoff.prototype, 'next');
      const whole = follow(new Follower('whole'));
      await add('broken');
      await add('whole');
      await until(() => whole.ids.length === 1);
      follow(new Broken('broken', how));
      await until(() => reports.list.length > 0);
      for (let n = 2; n <= 5; n += 1) {
        await add('whole');
        await until(() => whole.ids.length === n);
      }
      for (const { error } of reports.list) expect(error).to.be.instanceOf(TypeError).with.property('message', how);
      await until(() => next.callCount >= 3);
      expect(next.returnValues.slice(0, 3), 'later each time').to.deep.equal([100, 200, 400]);
    });
  }

  it('should ask again soon for a stream that it has read since it was refused, and later each time for others', async () => {
    stub(Math, 'random').returns(0);
    const next = spy(Backoff.prototype, 'next');
    const [whole, spoilt] = [follow(new Follower('whole')), follow(new Follower('spoilt'))];
    await redis.set('spoilt', 'text');
    await until(async () => {
      await add('whole');
      return refusals() >= 3;
    });
    await redis.del('spoilt');
    await add('spoilt');
    await until(() => spoilt.ids.length === 1);
    expect(next.returnValues.slice(0, 3), 'though others were read').to.deep.equal([100, 200, 400]);
    const before = refusals();
    await redis.set('spoilt', 'text');
    await until(async () => {
      await add('whole');
      return refusals() > before;
    });
    expect(next.returnValues[before]).to.equal(100);
    expect(whole.ids.length).to.be.above(0);
  });

  for (const others of [0, 1]) {
    it(`should ask at once for what it had set aside when Redis is ready again, with ${others} others`, async () => {
      stub(Backoff.prototype, 'next').returns(3_600_000);
      await redis.set('spoilt', 'text');
      for (let n = 0; n < others; n += 1) follow(new Follower('whole'));
      const spoilt = follow(new Follower('spoilt'));
      await until(() => refusals() === 1);
      expect(uses, 'to be told when it is').to.deep.equal([true]);
      await redis.del('spoilt');
      await add('spoilt');
      reader.reachable();
      await until(() => spoilt.ids.length === 1);
    });
  }

  it('should not take a Redis that loads for one that refuses its streams', async () => {
    // Slow enough for others to be answered meanwhile.
    const loading = await RedisServer.startDurable('--key-load-delay', '200');
    const own = await loading.client((url) => new Redis(url, { retryStrategy: () => 20, maxLoadingRetryTime: 50 }));
    const pipeline = own.pipeline();
    for (let n = 0; n < 5_000; n += 1) pipeline.xadd('orders', '*', 'data', '1');
    await pipeline.exec();
    reader = new StreamReader(own, { using: (used) => uses.push(used) });
    own.on('ready', () => reader.reachable());
    const follower = follow(new Follower('orders'));
    await until(() => follower.ids.length === 5_000);
    // It answers from then on, though it loads.
    own.once('connect', () => reader.reachable());
    await loading.restart();
    await own.xadd('orders', '*', 'data', '1');
    await until(() => follower.ids.length === 5_001);
    const replies = reports.list
      .map(({ error }) => error)
      .filter((error) => TornadoseError.is(error, 'ERR_REDIS_REPLY'));
    expect(replies.length).to.be.above(0);
    for (const error of replies) {
      expect(error.message).to.contain('LOADING');
      expect(error.command, 'nothing that is about one stream').to.equal('XREAD');
    }
    reader.remove(follower);
    await loading.dispose();
  });
});
