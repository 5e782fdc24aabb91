import { expect } from 'chai';
import { EventSource } from 'eventsource';
import { Redis } from 'ioredis';
import { RedisServer } from '../support/RedisServer.ts';
import { startDemo, startProgram, stopDemos } from './startDemo.ts';

describe('demos/redis-pubsub', () => {
  let server: RedisServer;

  beforeEach(async () => {
    server = await RedisServer.start();
  });

  afterEach(async () => {
    await stopDemos();
    await server.stop();
  });

  it('should show what another process publishes', async () => {
    const { url } = await startDemo('redis-pubsub', { REDIS_URL: server.url });
    const source = new EventSource(`${url}/stream`);
    const line = next(source, 'message');
    const publisher = startProgram(['demos/redis-publisher.ts'], { REDIS_URL: server.url });
    expect(await line).to.match(/^It is .+ in process \d+$/);
    await publisher.printed(/published to 1 reader/);
    source.close();
  });

  it('should say that there is no Redis, keep trying, and go on when there is one', async () => {
    await server.stop();
    const env = { REDIS_URL: server.url };
    const demo = await startDemo('redis-pubsub', env);
    const publisher = startProgram(['demos/redis-publisher.ts'], env);
    const source = new EventSource(`${demo.url}/stream`);
    await demo.printed(/No Redis at redis:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/);
    await publisher.printed(/No Redis at /);
    const line = next(source, 'message');
    await server.restart();
    expect(await line).to.match(/^It is /);
    await demo.printed(/is there now/);
    source.close();
  });

  it('should tell the page when Redis was away', async () => {
    const { url } = await startDemo('redis-pubsub', { REDIS_URL: server.url });
    const source = new EventSource(`${url}/stream`);
    const redis = new Redis(server.url);
    redis.on('error', () => {});
    const line = next(source, 'message');
    // Until the subscription is there, nobody hears it.
    while ((await redis.publish('tornadose', 'hello')) === 0);
    expect(await line).to.equal('hello');
    const gap = next(source, 'gap');
    await server.stop();
    await server.restart();
    expect(JSON.parse(await gap)).to.deep.include({ reason: 'disconnected' });
    source.close();
    redis.disconnect();
  });
});

function next(source: EventSource, name: string): Promise<string> {
  return new Promise((resolve) => source.addEventListener(name, (event) => resolve(event.data), { once: true }));
}
