import { once } from 'node:events';
import { get, type IncomingMessage, request, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { concat, EMPTY, lastValueFrom, NEVER, Observable, of, throwError } from 'rxjs';
import {
  type BrowserSinkOptions,
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
import { FakeTransport } from '../support/FakeTransport.ts';
import { answerOf, closeLater, closeOf, closeServers, connect, serve, serveHttp2 } from '../support/servers.ts';
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

const encoder = { name: 'none', encode: String };

/** How a connection may end, by what its source and options are; `leaves` is for its client to do. */
const ways: Readonly<Record<string, (destroy: () => void) => [Observable<unknown>, BrowserSinkOptions<unknown>?]>> = {
  leaves: () => [NEVER],
  'completes at once': () => [EMPTY],
  'fails at once': () => [throwError(() => new Error('It broke'))],
  completes: () => [of(1)],
  fails: () =>
    [
      concat(
        of(1),
        throwError(() => new Error('It broke')),
      ),
    ] as const,
  'is aborted before': () => [NEVER, { signal: AbortSignal.abort() }],
  'is expired before': () => [NEVER, { expires: Date.now() - 1 }],
  'is too old': () => [NEVER, { maxAge: 1 }],
  'is destroyed while it is subscribed': (destroy) => [new Observable(destroy)],
};

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
    for (const transport of [inside, outside]) store.pipe(toSink(transport, encoder, { gate, heartbeat: false }));
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

  it('should count nobody who is gone, however that came about, over each sink', async () => {
    // With room for one of each, the next one is only let in when the last one is not counted any more.
    const gate = new Gate({ maxConnections: 1, maxPerKey: 1, maxPerSession: 1 });
    const reasons: string[] = [];
    const wayOf = (url: string | undefined, destroy: () => void) =>
      ways[decodeURIComponent(url?.slice(1) ?? '')]?.(destroy) ?? expect.fail(`No way of ${url}`);
    const watch = (connection: Observable<ConnectionEvent>): void =>
      void connection.subscribe((event) => event.type === 'close' && reasons.push(event.reason));
    const onStream = (
      req: { readonly url?: string | undefined },
      res: ServerResponse | http2.Http2ServerResponse,
    ): void => {
      const [source, options] = wayOf(req.url, () => void res.destroy());
      watch(source.pipe(toEventSource(res, { ...options, gate, key: 'ann' })));
    };
    const { server, port } = await serve(onStream);
    const webSockets = new WebSocketServer({ server });
    closeLater(() => webSockets.close());
    webSockets.on('connection', (ws, req) => {
      const [source, options] = wayOf(req.url, () => ws.terminate());
      watch(source.pipe(toWebSocket(ws, { ...options, gate, key: 'ann' })));
    });
    const session = http2.connect((await serveHttp2(onStream)).url);
    closeLater(() => session.destroy());

    const leaveHttp1 = async (path: string): Promise<void> => {
      const req = get({ port, path, agent: false }).on('error', () => {});
      req.on('response', (res) => res.on('error', () => {}).resume());
      if (path === '/leaves') await once(req, 'response');
      if (path === '/leaves') req.destroy();
      await closeOf(req);
    };
    const leaveHttp2 = async (path: string): Promise<void> => {
      const stream = session
        .request({ ':path': path })
        .on('error', () => {})
        .resume();
      if (path === '/leaves') await once(stream, 'response');
      if (path === '/leaves') stream.close(http2.constants.NGHTTP2_CANCEL);
      await closeOf(stream);
    };
    const leaveWebSocket = async (path: string): Promise<void> => {
      const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`).on('error', () => {});
      if (path === '/leaves') await once(ws, 'open');
      if (path === '/leaves') ws.terminate();
      await closeOf(ws);
    };
    for (const leave of [leaveHttp1, leaveHttp2, leaveWebSocket]) {
      for (const way of Object.keys(ways)) {
        const before = reasons.length;
        await leave(`/${encodeURIComponent(way)}`);
        while (gate.size > 0 || reasons.length === before) await turn();
        expect(reasons.at(-1), `${leave.name}, ${way}`).to.not.equal('refused');
        expect([gate.size, gate.sizeOf('ann')]).to.deep.equal([0, 0]);
      }
    }
  });

  it('should not count what answers HEAD', async () => {
    const gate = new Gate();
    const server = await quiet(() => ({ gate, key: 'ann' }));
    const req = request(server.url, { method: 'HEAD', agent: false }).end();
    await once(req, 'response');
    expect([gate.size, gate.sizeOf('ann')]).to.deep.equal([0, 0]);
  });

  it('should count each of the responses that are pipelined, and none when their connection is cut', async () => {
    const gate = new Gate();
    const { port } = await serve((_req, res) => void NEVER.pipe(toEventSource(res, { gate, key: 'ann' })));
    const socket = await connect(port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(3));
    while (gate.sizeOf('ann') < 3) await turn();
    socket.destroy();
    while (gate.sizeOf('ann') > 0) await turn();
    expect(gate.size).to.equal(0);
  });

  it('should be checked at the door', () => {
    const gate = new Gate();
    for (const wrong of [0, -1, 1.5, Number.NaN, '7' as never]) {
      expect(() => new Gate({ maxConnections: wrong })).to.throw(TornadoseError, 'maxConnections');
      expect(() => (gate.maxPerKey = wrong)).to.throw(TornadoseError, 'Expected `maxPerKey` to be a positive integer');
      expect(() => (gate.maxPerSession = wrong)).to.throw(TornadoseError, 'maxPerSession');
    }
    // Nothing given is nothing changed, and never a gate that is shut.
    gate.maxConnections = undefined as never;
    expect(gate.maxConnections).to.equal(50_000);
    expect(() => new Gate({ max: 5 } as never)).to.throw(TornadoseError, 'an option of `Gate`');
    for (const wrong of ['ann', null, { kei: 'ann' }])
      expect(() => gate.check(wrong as never)).to.throw(TornadoseError, '`check`');
    expect(() => gate.drain({ over: -1 })).to.throw(TornadoseError, 'over');
    expect(() => gate.watch({} as never)).to.throw(TornadoseError, 'a server of node:http or node:http2');
    const transport = new FakeTransport();
    for (const [options, word] of [
      [{ key: '' }, 'key'],
      [{ key: 7 }, 'key'],
      [{ gate: {} }, 'gate'],
    ] as const) {
      const error = thrown(() => toSink(transport, encoder, options as never));
      expect(TornadoseError.is(error, 'ERR_INVALID_OPTION') && error.option).to.equal(word);
    }
  });

  it('should tell before a connection is made whether there is room', () => {
    const gate = new Gate({ maxConnections: 1 });
    expect(gate.check()).to.equal(undefined);
    NEVER.pipe(toSink(new FakeTransport(), encoder, { gate, heartbeat: false }));
    expect(gate.check()).to.include({ status: 503 });
  });
});
