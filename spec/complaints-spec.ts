import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import compression from 'compression';
import { EventSource } from 'eventsource';
import express from 'express';
import { Redis } from 'ioredis';
import { lastValueFrom, type Observable } from 'rxjs';
import {
  budget,
  type CloseEvent,
  type ConnectionEvent,
  DataStore,
  fromPull,
  Gate,
  Message,
  QueueStore,
  TornadoseError,
  toEventSource,
  toWebSocket,
} from 'tornadose';
import { json, RedisStore, RedisStreamStore } from 'tornadose/redis';
import { WebSocketServer } from 'ws';
import { until } from './redis/support/until.ts';
import { reported } from './support/channels.ts';
import { RedisServer } from './support/RedisServer.ts';
import { closeLater, closeServers, connect, readUntil, serve, serveHttp2 } from './support/servers.ts';
import { thrown } from './support/thrown.ts';
import { upgradeHeaders } from './support/upgradeHeaders.ts';
import { parseEventStream } from './wire/parseEventStream.ts';

const get = 'GET / HTTP/1.1\r\nHost: spec\r\n\r\n';
const upgrade = `GET / HTTP/1.1\r\nHost: spec\r\n${upgradeHeaders}\r\n`;
const limit = 1024 * 1024;

type Events = Observable<ConnectionEvent>;

const closeOf = async (events: Events): Promise<CloseEvent> => (await lastValueFrom(events)) as CloseEvent;

/** What the next connection of a server gives. */
function nextOf<T>(): { readonly given: Promise<T>; give(value: T): void } {
  let give: (value: T) => void = () => {};
  const given = new Promise<T>((resolve) => {
    give = resolve;
  });
  return { given, give: (value) => give(value) };
}

// Each is a complaint about another server of events, named where it stands, and what ours does instead.
describe('what people complain of', () => {
  afterEach(closeServers);

  describe('slow clients', () => {
    const ways: Record<string, (store: QueueStore<string>, accept: (events: Events) => void) => Promise<Socket>> = {
      async 'an event stream'(store, accept) {
        const { port } = await serve((_req, res) => accept(store.pipe(toEventSource(res))));
        return connect(port, get);
      },
      async 'a WebSocket'(store, accept) {
        const { server, port } = await serve((_req, res) => res.end());
        new WebSocketServer({ server }).on('connection', (ws) => accept(store.pipe(toWebSocket(ws))));
        return connect(port, upgrade);
      },
    };

    for (const [name, join] of Object.entries(ways)) {
      // opencode#31923
      it(`should bound what waits for a client that does not read, and report its end: ${name}`, async () => {
        const store = new QueueStore<string>();
        const next = nextOf<Events>();
        (await join(store, next.give)).pause();
        const events = await next.given;
        const size = 16 * 1024;
        let most = 0;
        const reports = await reported<{ event: ConnectionEvent }>('connection', async () => {
          // 64 MB, if nobody were ended.
          for (let n = 0; n < 4096 && store.observed; n += 1) {
            store.next(String(n).padEnd(size, ' '));
            most = Math.max(most, budget.waiting);
            await turn();
          }
        });
        const close = await closeOf(events);
        expect(close.reason).to.equal('overflow');
        expect(TornadoseError.is(close.error, 'ERR_OVERFLOW')).to.equal(true);
        expect(reports.map(({ event }) => event)).to.deep.include(close);
        expect(most).to.be.within(limit / 2, limit + size + 64);
        await until(() => budget.waiting === 0);
      });
    }

    const leaves: Record<string, (server: Socket, client: Socket) => void> = {
      'the server destroys it': (server) => server.destroy(),
      'the client resets it': (_server, client) => client.resetAndDestroy(),
      'the client closes its side': (_server, client) => client.end().resume(),
    };
    for (const [name, leave] of Object.entries(leaves)) {
      // fastify/sse#54
      it(`should not wait for a drain that never comes: ${name}`, async () => {
        let returned = false;
        const next = nextOf<{ events: Events; socket: Socket }>();
        const { port } = await serve((req, res) => {
          async function* endless(): AsyncGenerator<string> {
            try {
              for (;;) yield 'x'.repeat(16 * 1024);
            } finally {
              returned = true;
            }
          }
          next.give({ events: fromPull(endless()).pipe(toEventSource(res)), socket: req.socket });
        });
        const client = await connect(port, get);
        client.pause();
        const { events, socket } = await next.given;
        await until(() => budget.waiting > 0);
        leave(socket, client);
        expect((await closeOf(events)).reason).to.equal('client');
        await until(() => returned && budget.waiting === 0);
      });
    }
  });

  describe('those who leave', () => {
    // nest#17017
    it('should be seen behind a body parser, and not be taken for gone because of it', async () => {
      const store = new DataStore('here');
      const app = express().use(express.json());
      app.post('/', async (req, res) => {
        // The request's own close comes when its body was read, and not again when the client leaves.
        if (!req.closed) await once(req, 'close');
        expect(req.body).to.deep.equal({ topic: 'all' });
        void store.pipe(toEventSource(res));
      });
      const { port } = await serve(app);
      const body = JSON.stringify({ topic: 'all' });
      const head = `POST / HTTP/1.1\r\nHost: spec\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
      const client = await connect(port, head + body);
      const text = await readUntil(client, 'data: here\n\n');
      store.next('still');
      await readUntil(client, 'data: still\n\n', text);
      client.destroy();
      await until(() => !store.observed);
    });

    // nest#17017
    it('should be seen when they leave during an await, before the stream begins', async () => {
      const store = new DataStore('here');
      const next = nextOf<Events>();
      const asked = nextOf<void>();
      const { port } = await serve(async (_req, res) => {
        const gone = once(res, 'close');
        asked.give();
        await gone;
        next.give(store.pipe(toEventSource(res)));
      });
      const client = await connect(port, get);
      await asked.given;
      client.destroy();
      expect((await closeOf(await next.given)).reason).to.equal('refused');
      expect(store.observed).to.equal(false);
    });

    // harper#2747
    it('should be given up when a WebSocket answers no ping', async () => {
      const store = new DataStore('here');
      const next = nextOf<Events>();
      const { server, port } = await serve((_req, res) => res.end());
      new WebSocketServer({ server }).on('connection', (ws) =>
        next.give(store.pipe(toWebSocket(ws, { heartbeat: 20 }))),
      );
      // It reads, and knows nothing of pongs.
      const client = (await connect(port, upgrade)).resume();
      const closed = once(client, 'close');
      expect((await closeOf(await next.given)).reason).to.equal('timeout');
      await closed;
      expect(store.observed).to.equal(false);
    });

    // harper#2747
    it('should be given up at their greatest age when they are an event stream that says nothing', async () => {
      const store = new DataStore('here');
      const next = nextOf<Events>();
      const { server, port } = await serve((_req, res) => next.give(store.pipe(toEventSource(res, { maxAge: 50 }))));
      const client = await connect(port, get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      client.pause();
      expect((await closeOf(await next.given)).reason).to.equal('maxAge');
      expect(store.observed).to.equal(false);
      // The socket too, though its client has said nothing.
      const connections = promisify(server.getConnections.bind(server));
      await until(async () => (await connections()) === 0);
    });
  });

  describe('what is on the way', () => {
    // expressjs/compression#17
    it('should not be held back by middleware that compresses', async () => {
      const store = new QueueStore<string>();
      const app = express().use(compression({ threshold: 0 }));
      app.get('/', (_req, res) => void store.pipe(toEventSource(res)));
      app.get(
        '/page',
        (_req, res) => void res.send('a text that is long enough to be worth its compression'.repeat(20)),
      );
      const { port } = await serve(app);
      const open = async (path: string): Promise<IncomingMessage> => {
        const request = http.get({ port, host: '127.0.0.1', path, headers: { 'Accept-Encoding': 'gzip' } });
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        closeLater(() => request.destroy());
        return response;
      };
      expect((await open('/page')).resume().headers['content-encoding']).to.equal('gzip');
      const response = await open('/');
      response.setEncoding('utf8');
      for (let n = 0; n < 3; n += 1) {
        const chunk = once(response, 'data');
        store.next(`event ${n}`);
        // The next one is published only when this one is there.
        expect(await chunk).to.deep.equal([`data: event ${n}\n\n`]);
      }
    });

    // nest#17588
    it('should have no header of a connection over HTTP/2, and cause no warning', async () => {
      const seen: Error[] = [];
      const warned = (warning: Error): unknown => seen.push(warning);
      process.on('warning', warned);
      closeLater(() => process.off('warning', warned));
      const { url } = await serveHttp2((_req, res) => void new DataStore('here').pipe(toEventSource(res)));
      const session = http2.connect(url);
      closeLater(() => session.destroy());
      const stream = session.request({ ':path': '/' });
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      expect(headers).to.include({ ':status': 200, 'content-type': 'text/event-stream' });
      expect(headers).not.to.have.any.keys('connection', 'keep-alive', 'transfer-encoding', 'upgrade');
      expect(String((await once(stream, 'data'))[0])).to.equal('data: here\n\n');
      // Node tells of a warning a turn later.
      await turn();
      expect(seen).to.deep.equal([]);
    });

    // fastify-sse-v2#110
    it('should be one event, whatever line ends its data has', async () => {
      const forged = [
        'a\rdata: forged',
        'a\r\revent: forged\rdata: b\r\r',
        'a\n\ndata: forged\n\n',
        'a\r\n\r\nid: forged',
      ];
      const store = new QueueStore<string>();
      const { port } = await serve((_req, res) => void store.pipe(toEventSource(res, { end: 'over' })));
      const request = http.get({ port, host: '127.0.0.1' });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      for (const each of forged) store.next(each);
      store.complete();
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      const expected = forged.map((data) => ({
        type: 'message',
        data: data.replace(/\r\n|\r/g, '\n'),
        lastEventId: '',
      }));
      expect(parseEventStream(text).events.slice(0, -1)).to.deep.equal(expected);
    });

    // Hono, GHSA-p6xx-57qc-3wxr
    it('should not be forged by a name or an id with a line end', () => {
      for (const text of ['a\ndata: forged', 'a\rdata: forged', 'a\r\n\r\ndata: forged']) {
        for (const fields of [{ event: text }, { id: text }])
          expect(thrown(() => new Message({ data: 1, ...fields })).code).to.equal('ERR_INVALID_MESSAGE');
      }
    });

    // htmx#3640
    it('should be seen by a page when it asks for heartbeats that it can see', async () => {
      const { url } = await serve((_req, res) => {
        void new QueueStore().pipe(toEventSource(res, { heartbeat: { every: 20, event: 'alive' } }));
      });
      const source = new EventSource(url);
      closeLater(() => source.close());
      let count = 0;
      await new Promise<void>((resolve) => {
        source.addEventListener('alive', () => {
          count += 1;
          if (count === 2) resolve();
        });
      });
      expect(count).to.equal(2);
    });
  });

  describe('Redis', () => {
    let server: RedisServer;
    let redis: Redis;
    before(async () => {
      server = await RedisServer.start();
      redis = new Redis(server.url);
    });
    after(async () => {
      redis.disconnect();
      await server.dispose();
    });

    /** Its connections, but for the one that asks. */
    const connections = async (): Promise<string[]> =>
      (await server.cli('CLIENT', 'LIST')).split('\n').filter((line) => !line.includes('cmd=client'));

    /** Event streams of a store, which have begun. */
    async function join(store: Observable<unknown>, count: number): Promise<Socket[]> {
      const { port } = await serve((_req, res) => void store.pipe(toEventSource(res)));
      const sockets = await Promise.all(Array.from({ length: count }, () => connect(port, get)));
      await Promise.all(sockets.map((socket) => readUntil(socket, '\r\n\r\n')));
      return sockets;
    }

    // dust#11117
    it('should not get a connection for each client', async () => {
      const channel = new RedisStore({ redis, channel: 'shared' });
      const stream = new RedisStreamStore<string>({ redis, key: 'shared', codec: json });
      const sockets = [await join(channel, 100), await join(stream, 100)].flat();
      const told = sockets.map((socket) => readUntil(socket, 'hello'));
      await until(async () => (await redis.publish('shared', 'hello')) > 0);
      await stream.submit('hello');
      await Promise.all(told);
      expect(await connections()).to.have.length.within(1, 3);
      await Promise.all([channel.close(), stream.close()]);
    });

    // Flowise#5884
    it('should not keep a subscription, or a reader, for clients that have left', async () => {
      const stores = Array.from({ length: 20 }, (_, n) => new RedisStore({ redis, channel: `chat-${n}` }));
      const stream = new RedisStreamStore<string>({ redis, key: 'chats', codec: json });
      const sockets = (await Promise.all([...stores, stream].map((store) => join(store, 1)))).flat();
      const channels = async (): Promise<number> => ((await redis.pubsub('CHANNELS', 'chat-*')) as string[]).length;
      const readers = async (): Promise<number> =>
        (await connections()).filter((line) => /cmd=xread/.test(line)).length;
      await until(async () => (await channels()) === 20 && (await readers()) === 1);
      for (const socket of sockets) socket.destroy();
      await until(async () => (await channels()) === 0 && (await readers()) === 0);
      // All that is left is the application's own.
      await until(async () => (await connections()).length === 1);
      await Promise.all([...stores, stream].map((store) => store.close()));
    });
  });

  describe('deploys', () => {
    // nest#9517, fastify/sse#57
    it('should not hang on streams that are open', async () => {
      const gate = new Gate();
      const store = new QueueStore<string>();
      const { server, port } = await serve((_req, res) => void store.pipe(toEventSource(res, { gate })));
      const sockets = await Promise.all(Array.from({ length: 20 }, () => connect(port, get)));
      for (const socket of sockets) await readUntil(socket, '\r\n\r\n');
      store.next('last');
      const closed = new Promise((resolve) => server.close(resolve));
      const texts = sockets.map((socket) => readUntil(socket, '\r\n0\r\n\r\n'));
      expect(await gate.drain({ over: 100 })).to.deep.equal({ ended: 20, cut: 0 });
      await closed;
      for (const text of await Promise.all(texts)) expect(text).to.match(/data: last\n\n.*retry: \d+\n\n/s);
    });
  });

  describe('a limit of connections', () => {
    // codev#1126
    it('should not put out who is there, who would come back at once', async () => {
      const gate = new Gate({ maxConnections: 5 });
      const store = new QueueStore<string>();
      const closed: string[] = [];
      const { port } = await serve((_req, res) => {
        store.pipe(toEventSource(res, { gate })).subscribe((event) => {
          if (event.type === 'close') closed.push(event.reason);
        });
      });
      const inside = await Promise.all(Array.from({ length: 5 }, () => connect(port, get)));
      for (const socket of inside) await readUntil(socket, '\r\n\r\n');
      for (let n = 0; n < 10; n += 1)
        expect(await readUntil(await connect(port, get), '\r\n\r\n')).to.match(
          /^HTTP\/1.1 503 .*retry-after: \d+\r\n/is,
        );
      store.next('still here');
      for (const socket of inside) await readUntil(socket, 'data: still here');
      expect(closed).to.deep.equal(Array.from({ length: 10 }, () => 'refused'));
    });
  });
});
