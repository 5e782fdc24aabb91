import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { firstValueFrom, lastValueFrom, merge, Subject, take, toArray } from 'rxjs';
import { Message, TornadoseError } from 'tornadose';
import { type Codec, json, RedisStore } from 'tornadose/redis';
import { startProgram } from '../demos/startDemo.ts';
import { redisForSpecs } from '../support/RedisServer.ts';
import { type ErrorReports, errorReports } from './support/reports.ts';
import { closeStores, opened } from './support/stores.ts';
import { until } from './support/until.ts';

const run = promisify(execFile);

const clients = {
  'ioredis 5': (url: string) => new Redis5(url),
  'ioredis 6 (RESP3)': (url: string) => new Redis6(url),
  'ioredis 6 (RESP2)': (url: string) => new Redis6(url, { protocol: 2 }),
};

let channels = 0;
const newChannel = (): string => `tornadose-spec-${process.pid}-${channels++}`;

for (const [name, connect] of Object.entries(clients)) {
  describe(`RedisStore on ${name}`, () => {
    let server: Awaited<ReturnType<typeof redisForSpecs>>;
    let redis: Redis5 | Redis6;
    let channel: string;
    let reports: ErrorReports;

    /** Its values in a list, from when Redis has acknowledged the subscription. */
    const received = async <T>(store: RedisStore<T>): Promise<T[]> => {
      const values: T[] = [];
      store.subscribe((value) => values.push(value));
      await until(async () => Number((await redis.pubsub('NUMSUB', channel))[1]) > 0);
      return values;
    };

    before(async () => {
      server = await redisForSpecs();
      redis = connect(server.url);
    });
    after(async () => {
      redis.disconnect();
      await server.dispose();
    });
    beforeEach(() => {
      channel = newChannel();
      reports = errorReports();
    });
    afterEach(async () => {
      reports.stop();
      await closeStores();
    });

    it('should deliver what it publishes to its own observers, at once after they subscribed', async () => {
      const store = opened(new RedisStore({ redis, channel }));
      const first = firstValueFrom(store);
      expect(await store.submit('hello')).to.equal(1);
      expect(await first).to.equal('hello');
    });

    it('should publish to the channel `tornadose` where none is named', async () => {
      const store = opened(new RedisStore({ redis }));
      const first = firstValueFrom(store);
      await store.submit('here');
      expect(await first).to.equal('here');
    });

    it('should publish without an observer, to whoever subscribes elsewhere', async () => {
      const publisher = opened(new RedisStore({ redis, channel }));
      expect(await publisher.submit('nobody')).to.equal(0);
      const values = await received(opened(new RedisStore({ redis, channel })));
      publisher.next('somebody');
      await until(() => values.length > 0);
      expect(values).to.deep.equal(['somebody']);
    });

    it('should deliver what redis-cli publishes', async () => {
      const values = await received(opened(new RedisStore({ redis, channel })));
      await run('redis-cli', ['-u', server.url, 'PUBLISH', channel, 'from the shell: häß 🌪']);
      await until(() => values.length > 0);
      expect(values).to.deep.equal(['from the shell: häß 🌪']);
    });

    it('should carry text unchanged', async () => {
      const store = opened(new RedisStore({ redis, channel }));
      const texts = ['', ' ', 'a\nb\r\nc\rd', '\0', '\uFEFFmark', 'né 🌪 \u2028', '{"a":1}', 'x'.repeat(100_000)];
      const all = lastValueFrom(store.pipe(take(texts.length), toArray()));
      for (const text of texts) await store.submit(text);
      expect(await all).to.deep.equal(texts);
    });

    it('should keep the order of what one store publishes', async () => {
      const store = opened(new RedisStore({ redis, channel, codec: json }));
      const all = lastValueFrom(store.pipe(take(2_000), toArray()));
      for (let each = 0; each < 2_000; each++) store.next(each);
      expect(await all).to.deep.equal([...Array(2_000).keys()]);
      expect(reports.list).to.deep.equal([]);
    });

    it('should carry values through the json codec, or one of your own', async () => {
      const ticks = opened(new RedisStore<{ symbol: string; price: number }>({ redis, channel, codec: json }));
      const tick = firstValueFrom(ticks);
      await ticks.submit({ symbol: 'ACME', price: 12.5 });
      expect(await tick).to.deep.equal({ symbol: 'ACME', price: 12.5 });

      const dates: Codec<Date> = { encode: (date) => date.toISOString(), decode: (text) => new Date(text) };
      const calendar = opened(new RedisStore({ redis, channel: `${channel}-dates`, codec: dates }));
      const date = firstValueFrom(calendar);
      await calendar.submit(new Date(0));
      expect(await date).to.deep.equal(new Date(0));
    });

    it('should refuse a value that the codec cannot write, and send nothing', async () => {
      const store = opened(new RedisStore<unknown>({ redis, channel, codec: json }));
      const values = await received(store);
      const loop: { self?: object } = {};
      loop.self = loop;
      for (const value of [undefined, () => 1, 1n, loop, { toJSON: () => JSON.parse('{') }]) {
        const error = await store.submit(value).catch((reason) => reason);
        expect(TornadoseError.is(error, 'ERR_UNSERIALISABLE'), String(error)).to.equal(true);
      }
      await store.submit('last');
      await until(() => values.length > 0);
      expect(values).to.deep.equal(['last']);
    });

    it('should refuse a lone surrogate, and what is no text where text is wanted', async () => {
      const store = opened(new RedisStore({ redis, channel }));
      for (const value of ['\uD83C', 5 as unknown as string]) {
        const error = await store.submit(value).catch((reason) => reason);
        expect(error).to.have.property('code', 'ERR_UNSERIALISABLE');
      }
    });

    it('should refuse with the json codec, too, what no client could be sent: JSON would hide it', async () => {
      const store = opened(new RedisStore<unknown>({ redis, channel, codec: json }));
      const unsendable = ['a\uD83C', undefined, Symbol('none')];
      for (const value of unsendable.flatMap((data) => [data, new Message({ data })])) {
        const error = await store.submit(value).catch((reason) => reason);
        expect(error).to.have.property('code', 'ERR_UNSERIALISABLE');
      }
      const hidden = [new String('\uD83C'), { toJSON: () => '\uD83C' }, JSON.parse('{ "__proto__": 1 }')];
      for (const value of hidden) {
        const error = await store.submit(value).catch((reason) => reason);
        expect(error).to.have.property('code', 'ERR_UNSERIALISABLE');
      }
      for (const value of ['\\ud83c', 'about __proto__']) expect(await store.submit(value)).to.equal(0);
      // As for the sinks, which send the escape.
      expect(await store.submit({ text: 'a\uD83C' })).to.equal(0);
    });

    it('should refuse a value that is too large', async () => {
      const store = opened(new RedisStore({ redis, channel, maxMessageBytes: 10 }));
      expect(await store.submit('0123456789')).to.equal(0);
      const error = await store.submit('é23456789é').catch((reason) => reason);
      expect(error).to.include({ code: 'ERR_TOO_LARGE', bytes: 12, limit: 10 });
    });

    it('should skip and report a payload that cannot be read', async () => {
      const store = opened(new RedisStore<unknown>({ redis, channel, codec: json, maxMessageBytes: 100 }));
      const values = await received(store);
      await redis.publish(channel, '{"malformed":');
      await redis.publish(channel, Buffer.from([0x22, 0xff, 0xfe, 0x22]));
      await redis.publish(channel, '{"__proto__":{"polluted":true}}');
      await redis.publish(channel, '{"a":{"\\u005f_proto__":{"polluted":true}}}');
      await redis.publish(channel, JSON.stringify('x'.repeat(100)));
      await redis.publish(channel, '"about __proto__"');
      await until(() => values.length > 0);
      expect(values).to.deep.equal(['about __proto__']);
      const codes = reports.list.map(({ during, error }) => [during, TornadoseError.is(error) && error.code]);
      const unreadable = ['receive', 'ERR_UNREADABLE'];
      expect(codes).to.deep.equal([unreadable, unreadable, unreadable, unreadable, ['receive', 'ERR_TOO_LARGE']]);
      expect(reports.list[0]?.error).to.include({ channel, bytes: 13 });
      expect(({} as { polluted?: boolean }).polluted).to.equal(undefined);
    });

    it('should refuse everything once it has ended, and say so where `next` is used', async () => {
      const store = opened(new RedisStore({ redis, channel }));
      store.complete();
      const error = await store.submit('late').catch((reason) => reason);
      expect(error).to.include({ code: 'ERR_STORE_CLOSED', store: channel });
      store.next('late');
      await until(() => reports.list.length > 0);
      expect(reports.list[0]).to.deep.include({ during: 'publish', error });
    });

    it('should be an observer of any Observable, and pass an end on to its clients and its gaps', async () => {
      const store = opened(new RedisStore({ redis, channel }));
      const ended = lastValueFrom(merge(store, store.gaps).pipe(toArray()));
      const first = firstValueFrom(store);
      const source = new Subject<string>();
      source.subscribe(store);
      source.next('fed');
      await first;
      source.complete();
      expect(await ended).to.deep.equal(['fed']);
      expect(store.observed).to.equal(false);
    });

    it('should let go of its channel when it is unsubscribed, as a Subject can be', async () => {
      const store = opened(new RedisStore({ redis, channel }));
      const values = await received(store);
      store.unsubscribe();
      await until(async () => Number((await redis.pubsub('NUMSUB', channel))[1]) === 0);
      expect(values).to.deep.equal([]);
      expect(reports.list).to.deep.equal([]);
    });

    it('should report a Redis that refuses to publish', async () => {
      const user = `spec-${channel}`;
      await redis.call('ACL', 'SETUSER', user, 'on', '>secret', '+@all', 'resetchannels', '&allowed', '~*');
      const limited = redis.duplicate({ username: user, password: 'secret' });
      const store = opened(new RedisStore({ redis: limited, channel }));
      const error = await store.submit('no').catch((reason) => reason);
      expect(error).to.include({ code: 'ERR_REDIS_REPLY', command: 'PUBLISH' });
      expect(error.cause.message).to.match(/^NOPERM/);
      await store.close();
      limited.disconnect();
      await redis.call('ACL', 'DELUSER', user);
    });

    it('should use the channel as it is named, whatever the key prefix', async () => {
      const prefixed = redis.duplicate({ keyPrefix: 'app:' });
      const store = opened(new RedisStore({ redis: prefixed, channel }));
      const values = await received(store);
      await store.submit('one');
      await redis.publish(channel, 'two');
      await until(() => values.length === 2);
      expect(values).to.deep.equal(['one', 'two']);
      await store.close();
      prefixed.disconnect();
    });

    it('should connect a lazy client at the first publish', async () => {
      const lazy = redis.duplicate({ lazyConnect: true });
      const store = opened(new RedisStore({ redis: lazy, channel }));
      expect(lazy.status).to.equal('wait');
      expect(await store.submit('hello')).to.equal(0);
      await store.close();
      lazy.disconnect();
    });

    it('should leave the client open when it is closed, without a listener of ours', async () => {
      const before = redis.eventNames().map((event) => [event, redis.listenerCount(event)]);
      const store = new RedisStore({ redis, channel });
      const ended = lastValueFrom(store.pipe(toArray()));
      void store.submit('last');
      await Promise.all([store.close(), store.close()]);
      expect(await ended).to.be.an('array');
      expect(redis.eventNames().map((event) => [event, redis.listenerCount(event)])).to.deep.equal(before);
      expect(await redis.ping()).to.equal('PONG');
    });
  });
}

describe('RedisStore', () => {
  it('should deliver what a second Node process publishes', async () => {
    const server = await redisForSpecs();
    const redis = new Redis6(server.url);
    const channel = newChannel();
    const store = new RedisStore({ redis, channel });
    const first = firstValueFrom(store);
    await until(async () => Number((await redis.pubsub('NUMSUB', channel))[1]) > 0);
    const program = startProgram(['spec/redis/process/publish.ts', server.url, channel, 'from another process']);
    expect(await program.ended, program.output).to.equal(0);
    expect(await first).to.equal('from another process');
    await store.close();
    redis.disconnect();
    await server.dispose();
  });

  it('should let the process end by itself once it and its client are closed', async () => {
    const server = await redisForSpecs();
    const program = startProgram(['spec/redis/process/closes.ts', server.url]);
    expect(await program.ended, program.output).to.equal(0);
    await server.dispose();
  });

  it('should refuse bad options at the door', () => {
    const redis = new Redis6({ lazyConnect: true });
    const bad: [string, object][] = [
      ['redis', { redis: undefined }],
      ['redis', { redis: {} }],
      ['channel', { channel: '' }],
      ['channel', { channel: 5 }],
      ['codec', { codec: { encode: String } }],
      ['maxPending', { maxPending: 0 }],
      ['maxPendingBytes', { maxPendingBytes: 1.5 }],
      ['timeout', { timeout: -1 }],
      ['maxMessageBytes', { maxMessageBytes: '1' }],
      ['chanel', { chanel: 'typo' }],
    ];
    for (const [option, options] of bad) {
      expect(() => new RedisStore({ redis, ...options }))
        .to.throw(TornadoseError)
        .that.includes({ code: 'ERR_INVALID_OPTION', option });
    }
    redis.disconnect();
  });
});
