import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import { expect } from 'chai';
import { lastValueFrom, NEVER, type Observable } from 'rxjs';
import {
  type ConnectionEvent,
  type EventSourceOptions,
  Gate,
  QueueStore,
  TornadoseError,
  toEventSource,
  toResponse,
  toSink,
  toWebSocket,
} from 'tornadose';
import { WebSocket, WebSocketServer } from 'ws';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';
import { closeLater, closeServers, connect, type Running, readUntil, serve, serveHttp2 } from '../support/servers.ts';
import { thrown } from '../support/thrown.ts';

/** A server of streams that never say anything, and what became of each. */
async function quiet(options: (req: IncomingMessage) => EventSourceOptions<never>) {
  const connections: Observable<ConnectionEvent>[] = [];
  const running = await serve((req, res) => {
    const connection = NEVER.pipe(toEventSource(res, options(req)));
    connections.push(connection);
    connection.subscribe();
  });
  return { ...running, connections };
}

async function answerOf({ url }: Running, path = ''): Promise<IncomingMessage> {
  const req = get(url + path);
  req.on('error', () => {});
  closeLater(() => req.destroy());
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return res;
}

const keyOf = (req: IncomingMessage): string => req.url ?? '';

describe('Gate', () => {
  afterEach(closeServers);

  it('should turn away who is too many with 503 and a time to come back, and keep those who are in', async () => {
    const gate = new Gate({ maxConnections: 2 });
    const server = await quiet(() => ({ gate }));
    const inside = [await answerOf(server), await answerOf(server)];
    const res = await answerOf(server);
    expect(res.statusCode).to.equal(503);
    expect(Number(res.headers['retry-after'])).to.be.within(5, 10);
    expect(res.headers['cache-control']).to.equal('no-store');
    expect(await lastValueFrom(server.connections[2] as Observable<ConnectionEvent>)).to.deep.include({
      type: 'close',
      reason: 'refused',
    });
    expect(inside.map((each) => [each.statusCode, each.destroyed])).to.deep.equal([
      [200, false],
      [200, false],
    ]);
    expect(gate.size).to.equal(2);
  });

  it('should say in the close event which limit it was', async () => {
    const gate = new Gate({ maxConnections: 1 });
    const server = await quiet(() => ({ gate }));
    await answerOf(server);
    await answerOf(server);
    const close = await lastValueFrom(server.connections[1] as Observable<ConnectionEvent>);
    const error = close.type === 'close' ? close.error : undefined;
    expect(TornadoseError.is(error, 'ERR_LIMIT') && [error.limit, error.most]).to.deep.equal(['maxConnections', 1]);
  });

  it('should turn away with 429 who has enough, and let others in', async () => {
    const gate = new Gate({ maxPerKey: 1 });
    const server = await quiet((req) => ({ gate, key: keyOf(req) }));
    const statuses: (number | undefined)[] = [];
    for (const path of ['ann', 'ann', 'bob']) statuses.push((await answerOf(server, path)).statusCode);
    expect(statuses).to.deep.equal([200, 429, 200]);
    expect([gate.sizeOf('/ann'), gate.sizeOf('/bob'), gate.sizeOf('/eve')]).to.deep.equal([1, 1, 0]);
  });

  it('should let the next one in when somebody has left', async () => {
    const gate = new Gate({ maxConnections: 1, maxPerKey: 1 });
    const server = await quiet((req) => ({ gate, key: keyOf(req) }));
    for (let time = 0; time < 3; time += 1) {
      const res = await answerOf(server);
      expect(res.statusCode).to.equal(200);
      res.destroy();
      await lastValueFrom(server.connections[time] as Observable<ConnectionEvent>);
      expect([gate.size, gate.sizeOf('/')]).to.deep.equal([0, 0]);
    }
  });

  it('should not subscribe the source for somebody who is turned away', async () => {
    const gate = new Gate({ maxConnections: 1 });
    const store = new QueueStore<number>();
    const [inside, outside] = [new FakeTransport(), new FakeTransport()];
    for (const transport of [inside, outside])
      store.pipe(toSink(transport, { name: 'none', encode: String }, { gate, heartbeat: false }));
    expect(store.observers).to.have.length(1);
    expect(outside.calls).to.deep.equal(['end refused']);
    inside.leave();
    expect([gate.size, store.observers.length]).to.deep.equal([0, 0]);
  });

  it('should turn away a web Response and a WebSocket too', async () => {
    const gate = new Gate({ maxConnections: 1 });
    const request = new Request('http://localhost/');
    const first = toResponse(NEVER, request, { gate });
    const second = toResponse(NEVER, request, { gate });
    expect([first.status, second.status]).to.deep.equal([200, 503]);
    expect(Number(second.headers.get('retry-after'))).to.be.within(5, 10);

    const { server, port } = await serve((_req, res) => res.end());
    const webSockets = new WebSocketServer({ server });
    closeLater(() => webSockets.close());
    webSockets.on('connection', (ws) => void NEVER.pipe(toWebSocket(ws, { gate })));
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    const [code, reason] = await once(client, 'close');
    expect(code).to.equal(1013);
    expect(Number(String(reason))).to.be.within(5_000, 10_000);
    await first.body?.cancel();
    expect(gate.size).to.equal(0);
  });

  it('should bound the streams of one HTTP/2 session, those that are open, and not those of others', async () => {
    const gate = new Gate({ maxPerSession: 2 });
    const { url } = await serveHttp2((_req, res) => void NEVER.pipe(toEventSource(res, { gate })));
    const sessions = [http2.connect(url), http2.connect(url)];
    closeLater(() => {
      for (const session of sessions) session.destroy();
    });
    const open = async (session = sessions[0]) => {
      const stream = (session as http2.ClientHttp2Session).request({ ':path': '/' });
      const [headers] = await once(stream, 'response');
      return { stream, status: headers[':status'], retryAfter: headers['retry-after'] };
    };
    const [one, two, three, other] = [await open(), await open(), await open(), await open(sessions[1])];
    expect([one, two, three, other].map(({ status }) => status)).to.deep.equal([200, 200, 429, 200]);
    expect(three.retryAfter).to.match(/^\d+$/);
    // As often as it likes, one after the other.
    for (let time = 0; time < 5; time += 1) {
      one.stream.close();
      const left = gate.size;
      while (gate.size === left) await new Promise((resolve) => setImmediate(resolve));
      Object.assign(one, await open());
      expect(one.status).to.equal(200);
    }
  });

  it('should be checked at the door', () => {
    const gate = new Gate();
    for (const wrong of [0, -1, 1.5, Number.NaN, '7' as never]) {
      expect(() => new Gate({ maxConnections: wrong })).to.throw(TornadoseError, 'maxConnections');
      expect(() => (gate.maxPerKey = wrong)).to.throw(TornadoseError, 'Expected `maxPerKey` to be a positive integer');
      expect(() => (gate.maxPerSession = wrong)).to.throw(TornadoseError, 'maxPerSession');
    }
    expect(() => new Gate({ max: 5 } as never)).to.throw(TornadoseError, 'an option of `Gate`');
    expect(() => gate.drain({ over: -1 })).to.throw(TornadoseError, 'over');
    expect(() => gate.watch({} as never)).to.throw(TornadoseError, 'a server of node:http2');
    const transport = new FakeTransport();
    for (const [options, word] of [
      [{ key: '' }, 'key'],
      [{ key: 7 }, 'key'],
      [{ gate: {} }, 'gate'],
    ] as const) {
      const error = thrown(() => toSink(transport, { name: 'none', encode: String }, options as never));
      expect(TornadoseError.is(error, 'ERR_INVALID_OPTION') && error.option).to.equal(word);
    }
  });

  it('should tell before a connection is made whether there is room', () => {
    const gate = new Gate({ maxConnections: 1 });
    expect(gate.check()).to.equal(undefined);
    NEVER.pipe(toSink(new FakeTransport(), { name: 'none', encode: String }, { gate, heartbeat: false }));
    expect(gate.check()).to.include({ status: 503 });
  });
});

describe('drain', () => {
  afterEach(closeServers);

  it('should end after the last whole event, with a time to come back, and let nobody in', async () => {
    const gate = new Gate();
    const store = new QueueStore<string>();
    const server = await serve((_req, res) => void store.pipe(toEventSource(res, { gate })));
    const socket = await connect(server.port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await readUntil(socket, '\r\n\r\n');
    store.next('last');
    const draining = gate.drain({ over: 0 });
    const text = await readUntil(socket, '\r\n0\r\n\r\n');
    const [, retry] = /data: last\n\n[\r\n0-9a-f]*retry: (\d+)\n\n\r\n0\r\n\r\n$/.exec(text) ?? [];
    expect(Number(retry)).to.be.within(1_000, 2_000);
    expect(await draining).to.deep.equal({ ended: 1, cut: 0 });

    const refused = await answerOf(server);
    expect(refused.statusCode).to.equal(503);
    expect(Number(refused.headers['retry-after'])).to.be.within(1, 3);
    expect(refused.headers.connection).to.equal('close');
    expect(gate.isDraining).to.equal(true);
    gate.reopen();
    const again = await connect(server.port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readUntil(again, '\r\n\r\n')).to.match(/^HTTP\/1.1 200/);
  });

  it('should let server.close end at once, also with keep-alive connections', async () => {
    const gate = new Gate();
    const { server, port } = await serve((_req, res) => void NEVER.pipe(toEventSource(res, { gate })));
    const sockets = await Promise.all(
      Array.from({ length: 5 }, () => connect(port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n')),
    );
    for (const socket of sockets) await readUntil(socket, '\r\n\r\n');
    // Longer than a spec may take.
    server.keepAliveTimeout = 60_000;
    // Before the drain, as for a deploy, when no connection is idle yet.
    const closed = new Promise((done) => server.close(done));
    await gate.drain({ over: 0 });
    await closed;
  });

  it('should close HTTP/2 sessions, idle ones of a watched server too', async () => {
    const gate = new Gate();
    const { server, url } = await serveHttp2((req, res) => {
      if (req.url === '/stream') void NEVER.pipe(toEventSource(res, { gate }));
      else res.end('a page');
    });
    gate.watch(server);
    const sessions = [http2.connect(url), http2.connect(url)];
    closeLater(() => {
      for (const session of sessions) session.destroy();
    });
    for (const [n, path] of ['/stream', '/page'].entries()) {
      const stream = (sessions[n] as http2.ClientHttp2Session).request({ ':path': path });
      await once(stream, 'response');
      stream.resume();
      if (path === '/page') await once(stream, 'close');
    }
    await gate.drain({ over: 0 });
    await new Promise((done) => server.close(done));
    expect(gate.size).to.equal(0);
  });

  it('should close a WebSocket with 1012, and the time to come back as the reason', async () => {
    const gate = new Gate();
    const { server, port } = await serve((_req, res) => res.end());
    const webSockets = new WebSocketServer({ server });
    closeLater(() => webSockets.close());
    const open = new Promise<void>((resolve) =>
      webSockets.on('connection', (ws) => {
        void NEVER.pipe(toWebSocket(ws, { gate }));
        resolve();
      }),
    );
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    const closed = once(client, 'close');
    await open;
    expect(await gate.drain({ over: 0 })).to.deep.equal({ ended: 1, cut: 0 });
    const [code, reason] = await closed;
    expect(code).to.equal(1012);
    expect(Number(String(reason))).to.be.within(1_000, 2_000);
  });

  it('should spread them evenly over the time after the drain, whoever is told when', async () => {
    const gate = new Gate();
    const told: number[] = [];
    const ends: number[] = [];
    for (let n = 0; n < 200; n += 1) {
      const transport = new FakeTransport();
      transport.end = (_reason: string, retry?: number) => {
        told.push(Number(retry));
        ends.push(performance.now() + Number(retry));
        queueMicrotask(() => transport.leave());
      };
      NEVER.pipe(toSink(transport, { name: 'none', encode: String }, { gate, heartbeat: false }));
    }
    const began = performance.now();
    const first = gate.drain({ over: 400 });
    expect(gate.drain({ over: 1 })).to.equal(first);
    expect(await first).to.deep.equal({ ended: 200, cut: 0 });
    expect(told).to.have.length(200);
    // Nobody comes back while the server is still draining, and no tenth of a second has more than its share.
    expect(Math.min(...ends)).to.be.greaterThan(began + 400);
    const buckets = new Map<number, number>();
    for (const at of told) buckets.set(Math.floor(at / 100), (buckets.get(Math.floor(at / 100)) ?? 0) + 1);
    expect(Math.max(...buckets.values())).to.be.at.most(30);
  });

  it('should cut those that do not take what waits for them, and say how many', async () => {
    const gate = new Gate();
    const store = new QueueStore<string>();
    const [stuck, quick] = [new FakeTransport(), new FakeTransport()];
    const closed = [stuck, quick].map((transport) =>
      lastValueFrom(store.pipe(toSink(transport, { name: 'lines', encode: String }, { gate, heartbeat: false }))),
    );
    stuck.takes = false;
    quick.end = () => quick.leave();
    store.next('first');
    await endOfTick();
    store.next('second');
    expect(await gate.drain({ over: 0, timeout: 20 })).to.deep.equal({ ended: 1, cut: 1 });
    expect(stuck.calls).to.deep.equal(['open', 'destroy drain']);
    for (const each of closed) expect(await each).to.deep.equal({ type: 'close', reason: 'drain' });
  });

  it('should stop where it is when it is called off', async () => {
    const gate = new Gate();
    const transports = Array.from({ length: 4 }, () => new FakeTransport());
    for (const transport of transports)
      NEVER.pipe(toSink(transport, { name: 'none', encode: String }, { gate, heartbeat: false }));
    const drained = gate.drain({ over: 60_000 });
    gate.reopen();
    await drained;
    expect(transports.filter(({ calls }) => calls.some((call) => call.startsWith('end')))).to.have.length(0);
    expect([gate.isDraining, gate.size]).to.deep.equal([false, 4]);
  });
});
