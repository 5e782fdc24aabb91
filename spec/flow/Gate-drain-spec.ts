import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { finalize, lastValueFrom, NEVER, Observable } from 'rxjs';
import sinon from 'sinon';
import { Gate, QueueStore, toEventSource, toSink, toWebSocket } from 'tornadose';
import { WebSocket, WebSocketServer } from 'ws';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';
import {
  answerOf,
  closeLater,
  closeOf,
  closeServers,
  connect,
  readUntil,
  serve,
  serveHttp2,
} from '../support/servers.ts';

const encoder = { name: 'none', encode: String };

/** A client that is there until it is told to go. */
function stay(gate: Gate, source: Observable<unknown> = NEVER): FakeTransport {
  const transport = new FakeTransport();
  const end = transport.end;
  transport.end = (reason, ...retry: [] | [number]) => {
    end.call(transport, [reason, ...retry].join(' '));
    transport.leave();
  };
  source.pipe(toSink(transport, encoder, { gate, heartbeat: false }));
  return transport;
}

const toldTo = ({ calls }: FakeTransport): number => Number(calls.at(-1)?.replace('end drain ', ''));

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

  it('should close what is idle of a watched server of HTTP/1.1, and no answer that is still on its way', async () => {
    const gate = new Gate();
    const slow: ServerResponse[] = [];
    const { server, port } = await serve((req, res) => {
      if (req.url === '/slow') slow.push(res);
      else res.end('a page');
    });
    gate.watch(server);
    server.keepAliveTimeout = 60_000;
    const idle = await connect(port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await readUntil(idle, 'a page');
    const busy = await connect(port, 'GET /slow HTTP/1.1\r\nhost: a\r\n\r\n');
    while (slow.length === 0) await turn();
    const closed = closeOf(idle);
    await gate.drain({ over: 0 });
    await closed;
    slow[0]?.end('at last');
    expect(await readUntil(busy, 'at last')).to.match(/^HTTP\/1.1 200/);
    const ended = closeOf(busy);
    await new Promise((done) => server.close(done));
    await ended;
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
      NEVER.pipe(toSink(transport, encoder, { gate, heartbeat: false }));
    }
    const began = performance.now();
    const first = gate.drain({ over: 400 });
    expect(gate.drain()).to.equal(first);
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
    for (const transport of transports) NEVER.pipe(toSink(transport, encoder, { gate, heartbeat: false }));
    const drained = gate.drain({ over: 60_000 });
    gate.reopen();
    await drained;
    expect(transports.filter(({ calls }) => calls.some((call) => call.startsWith('end')))).to.have.length(0);
    expect([gate.isDraining, gate.size]).to.deep.equal([false, 4]);
  });

  it('should let server.close end at once, also when it was called first', async () => {
    const gate = new Gate();
    const { server, port } = await serve((_req, res) => void NEVER.pipe(toEventSource(res, { gate })));
    const sockets = await Promise.all(
      // The last of these has asked for three streams, one behind the other.
      [1, 1, 3].map((times) => connect(port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(times))),
    );
    for (const socket of sockets) await readUntil(socket, '\r\n\r\n');
    while (gate.size < 5) await turn();
    const closed = new Promise((done) => server.close(done));
    // A client keeps its side open, and Node would keep the connection for five seconds.
    const last = readUntil(sockets[2] as Socket, 'never').catch((error: Error) => error.message);
    const began = performance.now();
    expect(await gate.drain({ over: 100 })).to.deep.equal({ ended: 5, cut: 0 });
    await closed;
    expect(performance.now() - began).to.be.lessThan(server.keepAliveTimeout / 2);
    // Those behind are told too.
    expect((await last).match(/retry: \d+\\n\\n\\r\\n0\\r\\n\\r\\n/g)).to.have.length(3);
  });

  it('should end in time, and be the same, when somebody who goes asks for it again', async () => {
    const gate = new Gate();
    const again: Promise<unknown>[] = [];
    for (let n = 0; n < 3; n += 1) stay(gate, NEVER.pipe(finalize(() => again.push(gate.drain({ over: 0 })))));
    const drained = gate.drain({ over: 0, timeout: 60_000 });
    expect(again).to.deep.equal([drained, drained, drained]);
    expect(await drained).to.deep.equal({ ended: 3, cut: 0 });
  });

  it('should count who leaves before it is told, as it is told, or is told by the source itself', async () => {
    const gate = new Gate();
    const first: FakeTransport = stay(gate, NEVER.pipe(finalize(() => first.leave())));
    let drained: Promise<unknown> | undefined;
    const second = stay(
      gate,
      new Observable((subscriber) => {
        subscriber.next(1);
        drained = gate.drain({ over: 0, timeout: 60_000 });
        subscriber.next(2);
      }),
    );
    expect(await drained).to.deep.equal({ ended: 2, cut: 0 });
    expect(first.calls).to.deep.equal(['open']);
    expect(second.written).to.have.length(1);
    expect(second.calls).to.have.length(2);
  });

  it('should leave those alone who were not told yet when one who is told calls it off', async () => {
    const gate = new Gate();
    const transports = Array.from({ length: 4 }, () => stay(gate, NEVER.pipe(finalize(() => gate.reopen()))));
    await gate.drain({ over: 0 });
    await endOfTick();
    expect(gate.size).to.equal(3);
    expect(transports.map(({ calls }) => calls.length)).to.deep.equal([2, 1, 1, 1]);
  });

  it('should not wait for those whose transport cannot be told', async () => {
    const gate = new Gate();
    const transport = stay(gate);
    transport.end = () => {
      throw new Error('It broke');
    };
    expect(await gate.drain({ over: 0, timeout: 60_000 })).to.deep.equal({ ended: 1, cut: 0 });
    expect(transport.calls).to.deep.equal(['open', 'destroy drain']);
  });

  it('should spread those who are turned away meanwhile, too', () => {
    const gate = new Gate();
    stay(gate);
    void gate.drain({ over: 100_000 });
    const seconds = Array.from({ length: 200 }, () => gate.check()?.retryAfter ?? 0);
    gate.reopen();
    expect(Math.min(...seconds)).to.be.within(100, 120);
    expect(Math.max(...seconds)).to.be.within(181, 201);
    expect(new Set(seconds).size).to.be.greaterThan(50);
  });

  it('should tell no time that a browser would not take, whatever it is given', async () => {
    const gate = new Gate();
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const transport = stay(gate);
      const drained = gate.drain({ over: 2 ** 31 - 1 });
      clock.tick(60);
      await drained;
      expect(toldTo(transport)).to.equal(2 ** 31 - 1);
    } finally {
      clock.restore();
    }
  });

  it('should wait without a break for one who takes long, when it is to wait as long as it can', async () => {
    const gate = new Gate();
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const waits: unknown[] = [];
    const { setTimeout: faked } = globalThis;
    // By hand: what sinon has replaced twice it may put back twice, in the middle of another file.
    globalThis.setTimeout = ((run: () => void, ms: number) => {
      waits.push(ms);
      return faked(run, ms);
    }) as typeof setTimeout;
    try {
      const transport = stay(gate);
      transport.end = () => {};
      const drained = gate.drain({ over: 1000, timeout: 2 ** 31 - 1 });
      clock.tick(1_100);
      await endOfTick();
      expect(waits).not.to.have.length(0);
      expect(waits).to.satisfy((all: number[]) => all.every((ms) => ms < 2 ** 31));
      transport.leave();
      expect(await drained).to.deep.equal({ ended: 1, cut: 0 });
    } finally {
      globalThis.setTimeout = faked;
      clock.restore();
    }
  });

  it('should take no longer than it was told, also when that is less than a slice', async () => {
    const gate = new Gate();
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const transports = Array.from({ length: 5 }, () => stay(gate));
      const drained = gate.drain({ over: 20 });
      clock.tick(20);
      await drained;
      for (const transport of transports) expect(toldTo(transport)).to.be.within(1_000, 2_000);
    } finally {
      clock.restore();
    }
  });
});
