import { expect } from 'chai';
import { Redis } from 'ioredis';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { TornadoseError } from 'tornadose';
import { ReaderConnection } from '../../src/redis/ReaderConnection.ts';
import { RedisServer } from '../support/RedisServer.ts';
import { closeServers } from '../support/servers.ts';
import { type SilencingProxy, silencingProxy } from '../support/silencingProxy.ts';

const stream = new Map([['stream', '0-0']]);

describe('ReaderConnection', () => {
  let server: RedisServer;
  let proxy: SilencingProxy;
  let clock: SinonFakeTimers;
  let connection: ReaderConnection;
  let lost: unknown[];

  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.dispose());
  beforeEach(async () => {
    await server.cli('FLUSHALL');
    proxy = await silencingProxy(server.port);
    lost = [];
    const client = new Redis(proxy.port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
    await new Promise<void>((connected) => {
      connection = new ReaderConnection(client, 1_500, { connected, lost: (error) => lost.push(error) });
    });
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldClearNativeTimers: true });
  });
  afterEach(async () => {
    clock.restore();
    connection.close();
    await closeServers();
  });

  /** What is done when a timer has run out is done a turn later. */
  const pass = async (ms: number): Promise<void> => {
    clock.tick(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const settled = async (answer: Promise<unknown>): Promise<void> => {
    const error = await answer.catch((reason) => reason);
    expect(error).to.be.an('error');
  };

  for (const [what, ask, wait] of [
    ['a read that waits', () => connection.read(stream, 1), 3_500],
    ['a read that does not wait', () => connection.poll(stream, 1), 1_500],
  ] as const) {
    it(`should be lost when ${what} is not answered in time, and not before, and be told once`, async () => {
      expect(proxy.silence(/./)).to.equal(1);
      const answer = settled(ask());
      await pass(wait - 1);
      expect(lost).to.deep.equal([]);
      await pass(1);
      expect(lost).to.have.length(1);
      expect(TornadoseError.is(lost[0], 'ERR_REDIS_TIMEOUT') && lost[0].waited).to.equal(wait);
      await answer;
      await pass(60_000);
      expect(lost).to.have.length(1);
    });
  }

  it('should not be lost for what was answered', async () => {
    await server.cli('XADD', 'stream', '1-0', 'data', '1');
    expect(await connection.read(stream, 1)).to.have.length(1);
    expect(await connection.poll(stream, 1)).to.have.length(1);
    await pass(60_000);
    expect(lost).to.deep.equal([]);
  });
});
