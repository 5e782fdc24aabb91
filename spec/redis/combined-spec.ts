import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { combineLogs, Message, QueueStore, snapshotThen } from 'tornadose';
import { RedisStreamStore } from 'tornadose/redis';
import { allLogClientsLeave, LogClient } from '../support/LogClient.ts';
import { numbers } from '../support/numbers.ts';
import { RedisServer } from '../support/RedisServer.ts';
import { until } from './support/until.ts';

/** The data of the messages with this name. */
const named = (client: LogClient, name: string): unknown[] =>
  client.received.filter(({ event }) => event === name).map(({ data }) => data);

describe('RedisStreamStore with others', () => {
  let server: RedisServer;
  let redis: Redis;
  let orders: RedisStreamStore<number>;

  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.dispose());
  beforeEach(async () => {
    redis = new Redis(server.url);
    await once(redis, 'ready');
    await redis.flushall();
    orders = new RedisStreamStore<number>({ redis, key: 'orders' });
  });
  afterEach(async () => {
    allLogClientsLeave();
    await orders.close();
    redis.disconnect();
  });

  it('should be combined with a log in memory, and resumed with it', async () => {
    const news = new QueueStore<number>();
    const both = combineLogs({ news, orders });
    const first = new LogClient(both.since());
    await until(() => first.lastId !== undefined && first.lastId.split('~').length === 3);
    news.next(1);
    await orders.submit(1);
    await until(() => named(first, 'orders').length === 1);
    first.leave();
    for (const n of numbers(2, 50)) {
      news.next(n);
      await orders.submit(n);
    }
    const second = new LogClient(both.since(first.lastId));
    for (const n of numbers(51, 60)) {
      news.next(n);
      await orders.submit(n);
    }
    await until(() => named(second, 'orders').length >= 59 && named(second, 'news').length >= 59);
    expect(second.gaps).to.deep.equal([]);
    expect(named(second, 'news')).to.deep.equal(numbers(2, 60));
    expect(named(second, 'orders')).to.deep.equal(numbers(2, 60));
    for (const { id } of second.received) expect(id).to.match(/^[\w.~-]{1,128}$/);
  });

  it('should begin with a gap where a combination did not have it, and be told of when it was flushed', async () => {
    const news = new QueueStore<number>();
    const alone = new LogClient(combineLogs({ news }).since());
    await until(() => alone.lastId !== undefined);
    await orders.submit(1);
    for (const otherwise of ['live', 'earliest'] as const) {
      const both = combineLogs({ news, orders });
      const back = new LogClient(both.since(alone.lastId, { otherwise }));
      await until(() => back.gaps.length === 1);
      expect(named(back, 'gap')).to.deep.equal([{ reason: 'unknown-epoch', log: 'orders' }]);
      if (otherwise === 'live') continue;
      await until(() => named(back, 'orders').length === 1);
      back.leave();
      await redis.flushall();
      await orders.submit(2);
      const again = new LogClient(both.since(back.lastId, { otherwise }));
      await until(() => named(again, 'orders').length === 1);
      expect(named(again, 'gap')[0]).to.deep.include({ reason: 'unknown-epoch', log: 'orders' });
      expect(named(again, 'orders')).to.deep.equal([2]);
    }
  });

  it('should leave no hole after a snapshot that is there before Redis has said where the stream ends', async () => {
    let state = 0;
    const change = async (): Promise<void> => {
      state += 1;
      await orders.submit(state);
    };
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const relay = createServer(async (socket) => {
      await answered;
      const redisSide = connect(server.port, '127.0.0.1');
      for (const side of [socket, redisSide]) side.on('error', () => {});
      socket.pipe(redisSide).pipe(socket);
    });
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const slow = new Redis((relay.address() as AddressInfo).port, '127.0.0.1');
    const log = new RedisStreamStore<number>({ redis: slow, key: 'orders' });
    try {
      await change();
      const load = async () => new Message({ event: 'all', data: state });
      const client = new LogClient(snapshotThen(log.since(), load));
      for (const _ of numbers(1, 5)) await change();
      answer();
      await until(() => client.received.length > 0);
      const [snapshot] = named(client, 'all') as number[];
      await change();
      await until(() => client.data.at(-1) === state);
      expect(client.data).to.deep.equal(numbers((snapshot as number) + 1, state));
    } finally {
      await log.close();
      slow.disconnect();
      relay.close();
    }
  });

  it('should give a snapshot before what is retained, too', async () => {
    await orders.submit(1);
    const news = new QueueStore<number>();
    const sources = [orders, combineLogs({ news, orders })];
    for (const log of sources) {
      const live = log.since(undefined, { otherwise: 'earliest' });
      const client = new LogClient(snapshotThen(live, async () => new Message({ event: 'all', data: 1 })));
      await until(() => client.received.some(({ event }) => event !== 'all' && event !== 'position'));
      expect(client.messages.map(({ data }) => data)).to.deep.equal([1, 1]);
      expect(client.messages[0]).to.deep.include({ event: 'all' });
    }
  });
});
