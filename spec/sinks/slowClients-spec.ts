import { once } from 'node:events';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { EventSource } from 'eventsource';
import { from, lastValueFrom } from 'rxjs';
import {
  type CloseEvent,
  type ConnectionEvent,
  DataStore,
  fromPull,
  onBackpressureBuffer,
  onBackpressureLatest,
  QueueStore,
  toEventSource,
  toResponse,
  toWebSocket,
} from 'tornadose';
import { WebSocket, WebSocketServer } from 'ws';
import { waitingIn } from '../../src/sinks/internals.ts';
import { endOfTick as turn } from '../support/endOfTick.ts';
import { closeLater, closeServers, connect, readUntil, serve, serveHttp2 } from '../support/servers.ts';

const get = 'GET / HTTP/1.1\r\nHost: spec\r\n\r\n';
const limit = 256 * 1024;
/** A kilobyte that differs from all others. */
const kilobyte = (n: number): string => `${n}:`.padEnd(1024, 'x');

describe('slow clients', () => {
  afterEach(closeServers);

  it('should not take a quick client for a slow one: 16 events of 1 KB in one tick', async () => {
    const store = new QueueStore<string>();
    const events: ConnectionEvent[] = [];
    const { port } = await serve((_req, res) => {
      store.pipe(toEventSource(res, { backpressure: onBackpressureLatest() })).subscribe((event) => events.push(event));
    });
    const socket = await connect(port, get);
    const text = await readUntil(socket, '\r\n\r\n');
    for (let n = 0; n < 16; n += 1) store.next(kilobyte(n));
    const all = await readUntil(socket, 'data: 15:', text);
    expect(all.match(/data: \d+:/g)).to.have.length(16);
    expect(events).to.deep.equal([{ type: 'open' }]);
  });

  it('should deliver to a quick client a tick that is larger than the limit', async () => {
    const store = new QueueStore<string>();
    const { url } = await serve((_req, res) => {
      void store.pipe(toEventSource(res, { backpressure: onBackpressureBuffer({ maxBytes: 100_000 }) }));
    });
    const response = await fetch(url);
    for (let n = 0; n < 500; n += 1) store.next(kilobyte(n));
    store.complete();
    const text = await response.text();
    expect(text.match(/data: \d+:/g)).to.deep.equal(Array.from({ length: 500 }, (_, n) => `data: ${n}:`));
  });

  it('should deliver to a quick client what a source emits while it is subscribed, larger than the limit too', async () => {
    const values = Array.from({ length: 500 }, (_, n) => kilobyte(n));
    const { url } = await serve((_req, res) => {
      void from(values).pipe(toEventSource(res, { backpressure: onBackpressureBuffer({ maxBytes: 100_000 }) }));
    });
    const text = await (await fetch(url)).text();
    expect(text.match(/data: \d+:/g)).to.have.length(500);
    expect(text.endsWith('event: end\ndata:\n\n')).to.equal(true);
  });

  it('should deliver to a quick client what is more than a socket takes at once', async () => {
    const store = new QueueStore<string>();
    const { url } = await serve((_req, res) => void store.pipe(toEventSource(res)));
    const response = await fetch(url);
    for (let n = 0; n < 900; n += 1) store.next(kilobyte(n));
    store.complete();
    const text = await response.text();
    expect(text.match(/data: \d+:/g)).to.deep.equal(Array.from({ length: 900 }, (_, n) => `data: ${n}:`));
  });

  it('should end those that do not read at their limit, with a reason, while the others get all of it', async () => {
    const store = new QueueStore<string>();
    const closed: CloseEvent[] = [];
    const sockets: Socket[] = [];
    let mostWaiting = 0;
    const { port } = await serve((_req, res) => {
      sockets.push(res.socket as Socket);
      const connection = store.pipe(toEventSource(res, { backpressure: onBackpressureBuffer({ maxBytes: limit }) }));
      void lastValueFrom(connection).then((event) => closed.push(event as CloseEvent));
    });
    const stalled = await Promise.all(Array.from({ length: 20 }, () => connect(port, get)));
    for (const socket of stalled) socket.pause();
    const healthy = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = await connect(port, get);
        const received: number[] = [];
        let rest = '';
        socket.setEncoding('utf8').on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop() as string;
          for (const line of lines) if (line.startsWith('data: ')) received.push(Number.parseInt(line.slice(6), 10));
        });
        return received;
      }),
    );
    while (sockets.length < 40) await turn();
    const total = 20_000;
    for (let n = 0; n < total; n += 1) {
      store.next(kilobyte(n));
      if (n % 50 !== 49) continue;
      await turn();
      mostWaiting = Math.max(mostWaiting, ...sockets.map(waitingIn));
    }
    const expected = Array.from({ length: total }, (_, n) => n);
    while (healthy.some((received) => received.length < total)) await turn();
    for (const received of healthy) expect(received).to.deep.equal(expected);
    expect(closed.map(({ reason }) => reason)).to.deep.equal(Array.from({ length: 20 }, () => 'overflow'));
    for (const { error } of closed) expect(error).to.include({ code: 'ERR_OVERFLOW', limit, unit: 'bytes' });
    // What waits is the limit and one event, and the chunk headers around it.
    expect(mostWaiting).to.be.within(1, limit + 1100 + 4096);
    expect(store.observers).to.have.length(20);
  });

  it('should let go of the source when a client that does not read closes its side', async () => {
    let socket: Socket | null = null;
    const stopped = new Promise<void>((resolve) => {
      void serve((_req, res) => {
        socket = res.socket;
        const endless = (function* () {
          try {
            for (;;) yield 'x'.repeat(10_000);
          } finally {
            resolve();
          }
        })();
        void fromPull(endless).pipe(toEventSource(res));
      }).then(async ({ port }) => {
        const client = await connect(port, get);
        client.pause();
        while (socket === null || waitingIn(socket) === 0) await turn();
        // Node would wait for it to take what was written before, and tell nobody.
        client.end();
      });
    });
    await stopped;
    (socket as Socket | null)?.destroy();
  });

  it('should cut a WebSocket that does not read, without waiting for an answer to a close', async () => {
    const store = new QueueStore<string>();
    const { server, port } = await serve((_req, res) => res.end());
    const webSockets = new WebSocketServer({ server });
    closeLater(() => webSockets.close());
    const closed = new Promise<ConnectionEvent>((resolve) => {
      webSockets.on('connection', (ws) => {
        void lastValueFrom(
          store.pipe(toWebSocket(ws, { backpressure: onBackpressureBuffer({ maxBytes: limit }) })),
        ).then(resolve);
      });
    });
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    closeLater(() => client.terminate());
    await once(client, 'open');
    client.pause();
    while (!store.observed) await turn();
    let published = 0;
    while (store.observed && published < 40_000) {
      store.next(kilobyte(published++));
      if (published % 50 === 0) await turn();
    }
    expect(await closed).to.deep.include({ type: 'close', reason: 'overflow' });
    while (webSockets.clients.size > 0) await turn();
  });

  it('should cut one HTTP/2 stream that is not read, and leave its siblings and their session alone', async () => {
    const store = new QueueStore<string>();
    const closed: ConnectionEvent[] = [];
    const { url } = await serveHttp2((_req, res) => {
      void lastValueFrom(
        store.pipe(toEventSource(res, { backpressure: onBackpressureBuffer({ maxBytes: limit }) })),
      ).then((event) => closed.push(event));
    });
    const session = http2.connect(url);
    closeLater(() => session.destroy());
    const stalled = session.request({ ':path': '/' });
    stalled.on('error', () => {});
    const healthy = session.request({ ':path': '/' });
    await Promise.all([once(stalled, 'response'), once(healthy, 'response')]);
    let bytes = 0;
    healthy.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    const total = 2_000;
    const size = 'data: \n\n'.length + 1024;
    for (let n = 0; n < total; n += 1) {
      store.next(kilobyte(n));
      if (n % 20 === 19) {
        const sent = (n + 1) * size;
        while (bytes < sent) await turn();
      }
    }
    expect(bytes).to.equal(total * size);
    expect(closed).to.have.length(1);
    expect(closed[0]).to.deep.include({ type: 'close', reason: 'overflow' });
    expect(session.destroyed).to.equal(false);
  });

  it('should let go of what a web Response holds when nobody reads it', async () => {
    const store = new QueueStore<string>();
    const events: ConnectionEvent[] = [];
    const response = toResponse(store, new Request('http://spec/'), {
      backpressure: onBackpressureBuffer({ maxBytes: limit }),
      onEvent: (event) => events.push(event),
    });
    for (let n = 0; n < 2_000 && store.observed; n += 1) {
      store.next(kilobyte(n));
      if (n % 10 === 9) await turn();
    }
    expect(events.at(-1)).to.deep.include({ type: 'close', reason: 'overflow' });
    expect(store.observed).to.equal(false);
    const failure = await (response.body as ReadableStream)
      .getReader()
      .read()
      .then(undefined, (error: unknown) => error);
    expect(failure).to.be.an('error');
  });

  it('should give a slow client the newest, and tell how many it replaced', async () => {
    const store = new QueueStore<string>();
    const events: ConnectionEvent[] = [];
    const { port } = await serve((_req, res) => {
      store.pipe(toEventSource(res, { backpressure: onBackpressureLatest() })).subscribe((event) => events.push(event));
    });
    const socket = await connect(port, get);
    await readUntil(socket, '\r\n\r\n');
    socket.pause();
    const total = 20_000;
    for (let n = 0; n < total; n += 1) {
      store.next(kilobyte(n));
      if (n % 50 === 49) await turn();
    }
    socket.resume();
    const text = await readUntil(socket, `data: ${total - 1}:`);
    const received = (text.match(/data: \d+:/g) ?? []).map((each) => Number.parseInt(each.slice(6), 10));
    expect(received).to.deep.equal([...received].sort((a, b) => a - b));
    let replaced = 0;
    for (const event of events) if (event.type === 'drop' && event.reason === 'replaced') replaced += event.count;
    expect(replaced).to.be.greaterThan(0);
    expect(received.length + replaced).to.equal(total);
  });

  it('should let a client that was ended for its slowness come back', async () => {
    const store = new QueueStore<string>();
    const { url, port } = await serve((_req, res) => void store.pipe(toEventSource(res, { retry: 100 })));
    const stalled = await connect(port, get);
    await readUntil(stalled, '\r\n\r\n');
    stalled.pause();
    while (store.observed) {
      for (let n = 0; n < 100; n += 1) store.next(kilobyte(n));
      await turn();
    }
    const page = new EventSource(url);
    closeLater(() => page.close());
    await new Promise((resolve) => page.addEventListener('open', resolve));
    const next = new Promise((resolve) => page.addEventListener('message', ({ data }) => resolve(data)));
    store.next('welcome back');
    expect(await next).to.equal('welcome back');
  });
});

describe('a fan-out', () => {
  afterEach(closeServers);

  it('should serialise a value once, and write once a tick to each of a thousand clients', async () => {
    const store = new DataStore<object>();
    let serialised = 0;
    const serialize = (data: unknown): string => {
      serialised += 1;
      return JSON.stringify(data);
    };
    let writes = 0;
    const shared = new Set<unknown>();
    const { port, server } = await serve((_req, res) => void store.pipe(toEventSource(res, { serialize })));
    server.on('connection', (socket: Socket) => {
      const write = socket.write;
      socket.write = function counted(this: Socket, ...args: Parameters<typeof write>) {
        writes += 1;
        shared.add(args[0]);
        return write.apply(this, args);
      } as typeof write;
    });
    const clients = 1_000;
    const ready: Promise<{ count: number }>[] = [];
    for (let n = 0; n < clients; n += 1) {
      ready.push(
        connect(port, get).then(async (socket) => {
          await readUntil(socket, '\r\n\r\n');
          const received = { count: 0 };
          socket.on('data', (chunk: string) => {
            received.count += chunk.split('data: ').length - 1;
          });
          return received;
        }),
      );
    }
    const received = await Promise.all(ready);
    writes = 0;
    shared.clear();
    const ticks = 20;
    const perTick = 3;
    for (let tick = 0; tick < ticks; tick += 1) {
      for (let n = 0; n < perTick; n += 1) store.next({ tick, n, text: 'x'.repeat(220) });
      while (received.some(({ count }) => count < (tick + 1) * perTick)) await turn();
    }
    expect(serialised).to.equal(ticks * perTick);
    expect(writes).to.equal(ticks * clients);
    expect(shared.size).to.equal(ticks);
    expect(received.every(({ count }) => count === ticks * perTick)).to.equal(true);
  });

  it('should share the buffers of a tick that is larger than an outbox, too', async () => {
    const store = new QueueStore<string>();
    const shared = new Set<unknown>();
    const { port, server } = await serve((_req, res) => void store.pipe(toEventSource(res)));
    server.on('connection', (socket: Socket) => {
      const write = socket.write;
      socket.write = function noted(this: Socket, ...args: Parameters<typeof write>) {
        if (typeof args[0] !== 'string') shared.add(args[0]);
        return write.apply(this, args);
      } as typeof write;
    });
    const received = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const socket = await connect(port, get);
        await readUntil(socket, '\r\n\r\n');
        const events = { count: 0 };
        socket.on('data', (chunk: string) => {
          events.count += chunk.split('data: ').length - 1;
        });
        return events;
      }),
    );
    for (let n = 0; n < 100; n += 1) store.next(kilobyte(n));
    while (received.some(({ count }) => count < 100)) await turn();
    expect(shared.size).to.equal(2);
  });
});
