import { pbkdf2 } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { constants, deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import { EMPTY, lastValueFrom, map, NEVER, type Observable, of, Subject, throwError } from 'rxjs';
import sinon from 'sinon';
import {
  type ConnectionEvent,
  Gate,
  Message,
  QueueStore,
  TornadoseError,
  toWebSocket,
  type WebSocketOptions,
} from 'tornadose';
import { type ClientOptions, type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { endOfTick as turn } from '../support/endOfTick.ts';
import { closeLater, closeOf, closeServers, connect, readUntil, serve } from '../support/servers.ts';
import { upgradeHeaders } from '../support/upgradeHeaders.ts';

interface Session {
  readonly client: WebSocket;
  readonly socket: Socket;
  readonly connection: Observable<ConnectionEvent>;
  /** What the client has received, and a promise of the next `count` that it receives from the beginning. */
  readonly messages: string[];
  received(count: number): Promise<string[]>;
}

/** One client of one source, over a real connection. */
async function session<T>(
  source: Observable<T>,
  options: WebSocketOptions<T> = {},
  {
    server: serverOptions = {},
    client: clientOptions = {},
    onConnection,
  }: { server?: ServerOptions; client?: ClientOptions; onConnection?: (ws: WebSocket) => void } = {},
): Promise<Session> {
  const { server, port } = await serve((_req, res) => res.end());
  const webSockets = new WebSocketServer({ server, ...serverOptions });
  closeLater(() => webSockets.close());
  const connected = new Promise<{ connection: Observable<ConnectionEvent>; socket: Socket }>((resolve) => {
    webSockets.on('connection', (ws, req) => {
      const connection = source.pipe(toWebSocket(ws, options));
      connection.subscribe();
      onConnection?.(ws);
      resolve({ connection, socket: req.socket });
    });
  });
  const client = new WebSocket(`ws://127.0.0.1:${port}`, clientOptions);
  closeLater(() => client.terminate());
  const messages: string[] = [];
  let wake = (): void => {};
  client.on('message', (data, isBinary) => {
    expect(isBinary).to.equal(false);
    messages.push(String(data));
    wake();
  });
  const received = async (count: number): Promise<string[]> => {
    while (messages.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return messages;
  };
  await once(client, 'open');
  return { client, ...(await connected), messages, received };
}

/** How a raw client begins. */
const upgrade = (more = '') => `GET / HTTP/1.1\r\nHost: spec\r\n${upgradeHeaders}${more}\r\n`;

const closing = (connection: Observable<ConnectionEvent>): Promise<ConnectionEvent> => lastValueFrom(connection);

/** A raw client of a source that is silent: it answers no ping by itself. */
async function rawSession(
  compressed: boolean,
  onMessage: () => void = () => {},
): Promise<{ client: Socket; events: ConnectionEvent[] }> {
  const { server, port } = await serve((_req, res) => res.end());
  const webSockets = new WebSocketServer({ server, perMessageDeflate: compressed });
  closeLater(() => webSockets.close());
  const events: ConnectionEvent[] = [];
  webSockets.on('connection', (ws) => {
    ws.on('message', onMessage);
    NEVER.pipe(toWebSocket(ws, { heartbeat: 20 })).subscribe((event) => events.push(event));
  });
  const client = await connect(port, upgrade(compressed ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : ''));
  await readUntil(client, '\r\n\r\n');
  return { client, events };
}

describe('toWebSocket', () => {
  afterEach(closeServers);

  it('should send JSON text with the data, and the event and id of a message', async () => {
    const { received } = await session(
      of('text', 1, { a: [true, null] }, new Message({ data: 'm', event: 'e"e', id: '7' })),
    );
    expect(await received(4)).to.deep.equal([
      '{"data":"text"}',
      '{"data":1}',
      '{"data":{"a":[true,null]}}',
      '{"data":"m","event":"e\\"e","id":"7"}',
    ]);
  });

  it('should send what a serializer of one’s own made as a JSON string', async () => {
    const { received } = await session(of({ a: 1 }), { serialize: ({ a }) => `<a>${a}</a>` });
    expect(await received(1)).to.deep.equal(['{"data":"<a>1</a>"}']);
  });

  it('should send messages of all sizes whole, where the length of a frame changes its form', async () => {
    const sizes = [0, 1, 113, 114, 115, 65_523, 65_524, 65_525, 1_000_000];
    const { received } = await session(of(...sizes.map((size) => 'x'.repeat(size))));
    const lengths = (await received(sizes.length)).map((text) => JSON.parse(text).data.length);
    expect(lengths).to.deep.equal(sizes);
  });

  it('should write what a tick brings at once, for as many messages as it is', async () => {
    const store = new QueueStore<number>();
    const { socket, received } = await session(store);
    let writes = 0;
    const write = socket.write;
    socket.write = function counted(this: Socket, ...args: Parameters<typeof write>) {
      writes += 1;
      return write.apply(this, args);
    } as typeof write;
    for (let n = 0; n < 50; n += 1) store.next(n);
    await received(50);
    expect(writes).to.equal(1);
  });

  it('should let the application send beside it', async () => {
    const store = new QueueStore<number>();
    const onConnection = (ws: WebSocket): void => {
      for (let n = 0; n < 10; n += 1) {
        ws.send(`own ${n}`);
        store.next(n);
      }
      setImmediate(() => ws.send('last'));
    };
    const { received } = await session(store, {}, { onConnection });
    const messages = await received(21);
    expect(messages.filter((text) => text.startsWith('own'))).to.deep.equal(
      Array.from({ length: 10 }, (_, n) => `own ${n}`),
    );
    expect(messages.filter((text) => text.startsWith('{'))).to.deep.equal(
      Array.from({ length: 10 }, (_, n) => `{"data":${n}}`),
    );
  });

  it('should leave the compression to ws where it was agreed on', async () => {
    const store = new QueueStore<string>();
    const { client, received, connection } = await session(
      store,
      {},
      {
        server: { perMessageDeflate: { threshold: 0 } },
        client: { perMessageDeflate: true },
      },
    );
    expect(client.extensions).to.include('permessage-deflate');
    for (let n = 0; n < 500; n += 1) store.next(`${n}:`.padEnd(1000, 'x'));
    store.complete();
    const data = (await received(500)).map((text) => Number.parseInt(JSON.parse(text).data, 10));
    expect(data).to.deep.equal(Array.from({ length: 500 }, (_, n) => n));
    expect(await closing(connection)).to.deep.equal({ type: 'close', reason: 'complete' });
  });

  for (const compressed of [false, true]) {
    it(`should send each value as a message of its own, one client’s own too, ${compressed ? 'compressed' : 'as they are'}`, async () => {
      const store = new QueueStore<number>();
      const over = compressed ? { server: { perMessageDeflate: true }, client: { perMessageDeflate: true } } : {};
      const { received } = await session(store.pipe(map((n) => ({ n }))), {}, over);
      for (const n of [1, 2, 3]) store.next(n);
      expect(await received(3)).to.deep.equal(['{"data":{"n":1}}', '{"data":{"n":2}}', '{"data":{"n":3}}']);
    });
  }

  it('should skip what cannot be sent, and tell', async () => {
    const source = new Subject<unknown>();
    const events: ConnectionEvent[] = [];
    const { connection, received } = await session(source);
    connection.subscribe((event) => events.push(event));
    source.next(10n);
    source.next(() => {});
    source.next('fine');
    expect(await received(1)).to.deep.equal(['{"data":"fine"}']);
    expect(events).to.deep.equal([{ type: 'open' }, { type: 'drop', reason: 'unserialisable', count: 2, bytes: 0 }]);
  });

  describe('end', () => {
    const ends: [string, () => Observable<string>, number][] = [
      ['completes at once', () => EMPTY, 1000],
      ['completes', () => of('a'), 1000],
      ['fails', () => throwError(() => new Error('no')), 1011],
    ];
    for (const [what, source, code] of ends) {
      it(`should close with ${code} when the source ${what}`, async () => {
        const { client } = await session(source());
        expect((await once(client, 'close'))[0]).to.equal(code);
      });
    }

    it('should close with 1001 for a signal and for its age, and with 1008 when the authorisation is over', async () => {
      const shutdown = new AbortController();
      const signalled = await session(NEVER, { signal: shutdown.signal });
      shutdown.abort();
      expect((await once(signalled.client, 'close'))[0]).to.equal(1001);
      const aged = await session(NEVER, { maxAge: 30 });
      expect((await once(aged.client, 'close'))[0]).to.equal(1001);
      const expired = await session(NEVER, { expires: new Date(Date.now() + 30) });
      expect((await once(expired.client, 'close'))[0]).to.equal(1008);
    });

    it('should unsubscribe when the client leaves, politely or not', async () => {
      for (const leave of ['close', 'terminate'] as const) {
        const store = new QueueStore<number>();
        const { client, connection } = await session(store);
        expect(store.observed).to.equal(true);
        client[leave]();
        expect(await closing(connection)).to.deep.include({ type: 'close', reason: 'client' });
        expect(store.observed).to.equal(false);
      }
    });

    it('should send nothing after a close that the application began', async () => {
      const store = new QueueStore<number>();
      const onConnection = (ws: WebSocket): void => {
        store.next(1);
        setImmediate(() => {
          ws.close(4000);
          store.next(2);
        });
      };
      const { client, messages } = await session(store, {}, { onConnection });
      expect((await once(client, 'close'))[0]).to.equal(4000);
      expect(messages).to.deep.equal(['{"data":1}']);
      while (store.observed) await turn();
    });

    it('should refuse a socket that is not open', async () => {
      const { client, socket } = await session(NEVER);
      client.terminate();
      await once(socket, 'close');
      const event = await closing(NEVER.pipe(toWebSocket(client)));
      expect(event).to.deep.include({ type: 'close', reason: 'refused' });
      expect((event as { error: TornadoseError }).error).to.include({ code: 'ERR_REFUSED', state: 'closed' });
    });
  });

  describe('heartbeat', () => {
    for (const compressed of [false, true]) {
      const over = compressed ? { server: { perMessageDeflate: true }, client: { perMessageDeflate: true } } : {};
      const kind = compressed ? 'a compressed' : 'a plain';

      it(`should ping ${kind} socket, and keep a client that answers`, async () => {
        const { client, connection } = await session(NEVER, { heartbeat: 20 }, over);
        const events: ConnectionEvent[] = [];
        connection.subscribe((event) => events.push(event));
        for (let n = 0; n < 4; n += 1) await once(client, 'ping');
        expect(events).to.deep.equal([{ type: 'open' }]);
      });

      it(`should keep ${kind} socket whose client has answered while the process was held up`, async () => {
        const { client, connection } = await session(NEVER, { heartbeat: 20 }, over);
        const events: ConnectionEvent[] = [];
        connection.subscribe((event) => events.push(event));
        for (let n = 0; n < 4; n += 1) {
          await once(client, 'ping');
          // The pong is on its way, and there it stays until the next ping is overdue.
          for (const ends = performance.now() + 60; performance.now() < ends; );
        }
        await once(client, 'ping');
        expect(events).to.deep.equal([{ type: 'open' }]);
      });

      it(`should cut ${kind} socket whose client answers no ping, though something is sent`, async () => {
        const store = new QueueStore<number>();
        const { client, connection } = await session(
          store,
          { heartbeat: 20 },
          {
            server: over.server ?? {},
            client: { ...over.client, autoPong: false },
          },
        );
        const publishing = setInterval(() => store.next(1), 5);
        closeLater(() => clearInterval(publishing));
        expect(await closing(connection)).to.deep.equal({ type: 'close', reason: 'timeout' });
        const [code] = await once(client, 'close');
        expect(code).to.equal(1006);
      });
    }

    for (const compressed of [false, true]) {
      const over = compressed ? { server: { perMessageDeflate: true }, client: { perMessageDeflate: true } } : {};

      it(`should not take a client for silent that the application does not read meanwhile, ${compressed ? 'compressed' : 'as it is'}`, async () => {
        const paused: WebSocket[] = [];
        const { client, connection } = await session(
          NEVER,
          { heartbeat: 20 },
          { ...over, onConnection: (ws) => paused.push(ws) },
        );
        const events: ConnectionEvent[] = [];
        connection.subscribe((event) => events.push(event));
        for (const answers of [1, 2]) {
          for (const ws of paused) ws.pause();
          // What Node still reads of a socket that is paused is less.
          client.send('x'.repeat(300_000));
          // It is pinged all the same, as proxies cut connections that are idle.
          for (let n = 0; n < 4; n += 1) await once(client, 'ping');
          expect(events, `paused for the ${answers}. time`).to.deep.equal([{ type: 'open' }]);
          for (const ws of paused) ws.resume();
          for (let n = 0; n < 3; n += 1) await once(client, 'ping');
        }
        expect(events).to.deep.equal([{ type: 'open' }]);
      });

      it(`should cut one that is silent once it is read again, ${compressed ? 'compressed' : 'as it is'}`, async () => {
        const paused: WebSocket[] = [];
        const { client, connection } = await session(
          NEVER,
          { heartbeat: 20 },
          {
            server: over.server ?? {},
            client: { ...over.client, autoPong: false },
            onConnection: (ws) => {
              paused.push(ws);
              ws.pause();
            },
          },
        );
        for (let n = 0; n < 3; n += 1) await once(client, 'ping');
        for (const ws of paused) ws.resume();
        expect(await closing(connection)).to.deep.equal({ type: 'close', reason: 'timeout' });
      });
    }

    for (const compressed of [false, true]) {
      const kind = compressed ? 'a compressed' : 'a plain';
      it(`should keep ${kind} socket whose client is still sending a long message`, async () => {
        const { client, events } = await rawSession(compressed);
        // Its pongs would be behind the message. The mask is zeros, which changes nothing.
        client.write(Buffer.of(0x81, 0x80 | 100, 0, 0, 0, 0));
        for (let pings = 0; pings < 8; pings += 1) {
          await Promise.race([once(client, 'data'), closeOf(client)]);
          client.write('x');
        }
        expect(events).to.deep.equal([{ type: 'open' }]);
      });

      it(`should cut ${kind} socket whose client has sent a part of a message, and no more`, async () => {
        const { client, events } = await rawSession(compressed);
        client.write(Buffer.of(0x81, 0x80 | 100, 0, 0, 0, 0, 0x78));
        await closeOf(client.resume());
        expect(events).to.deep.equal([{ type: 'open' }, { type: 'close', reason: 'timeout' }]);
      });
    }

    it('should not take a client for silent while what it has sent is decompressed', async () => {
      const { client, events } = await rawSession(true);
      // Node decompresses in four threads, which have something else to do now.
      const free = Promise.race([1, 2, 3, 4].map(() => promisify(pbkdf2)('', '', 200_000, 64, 'sha512')));
      const payload = deflateRawSync('x'.repeat(300_000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
      const length = Buffer.of(0xc1, 0x80 | 126, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0);
      // More than ws takes meanwhile.
      for (let n = 0; n < 300; n += 1) client.write(Buffer.concat([length, payload]));
      client.resume();
      await free;
      expect(events).to.deep.equal([{ type: 'open' }]);
      await closeOf(client);
    });

    for (const compressed of [false, true]) {
      it(`should cut ${compressed ? 'a compressed' : 'a plain'} socket that is silent after a listener of the application has thrown`, async () => {
        const others = process.listeners('uncaughtException');
        process.removeAllListeners('uncaughtException');
        const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
        closeLater(() => {
          for (const each of others) process.on('uncaughtException', each);
        });
        const { client, events } = await rawSession(compressed, () => {
          throw new Error('of the application');
        });
        client.write(Buffer.of(0x81, 0x81, 0, 0, 0, 0, 0x78));
        await thrown;
        // More than ws takes: it reads nothing any more.
        client.write(Buffer.alloc(200_000));
        if (compressed) {
          // It might have much to decompress, but not for half a minute.
          for (let pings = 0; pings < 4; pings += 1) await once(client, 'data');
          expect(events).to.deep.equal([{ type: 'open' }]);
          const now = performance.now.bind(performance);
          sinon.stub(performance, 'now').callsFake(() => now() + 31_000);
          closeLater(() => sinon.restore());
        }
        await closeOf(client.resume());
        expect(events).to.deep.equal([{ type: 'open' }, { type: 'close', reason: 'timeout' }]);
      });
    }

    for (const autoPong of [true, false]) {
      it(`should ${autoPong ? 'keep one that answers' : 'cut one that does not answer'}, where no more is known of the socket than ws promises`, async () => {
        const { server, port } = await serve((_req, res) => res.end());
        const webSockets = new WebSocketServer({ server });
        closeLater(() => webSockets.close());
        const store = new QueueStore<number>();
        const events: ConnectionEvent[] = [];
        webSockets.on('connection', (ws) => {
          const promised = new Proxy(ws, {
            get: (_, name) => {
              if (String(name).startsWith('_')) return undefined;
              const value = Reflect.get(ws, name);
              return typeof value === 'function' ? value.bind(ws) : value;
            },
          });
          store.pipe(toWebSocket(promised, { heartbeat: 20 })).subscribe((event) => events.push(event));
        });
        const client = new WebSocket(`ws://127.0.0.1:${port}`, { autoPong });
        closeLater(() => client.terminate());
        await once(client, 'ping');
        if (autoPong) {
          store.next(1);
          expect(String((await once(client, 'message'))[0])).to.equal('{"data":1}');
          for (let pings = 0; pings < 4; pings += 1) await Promise.race([once(client, 'ping'), closeOf(client)]);
        } else {
          await closeOf(client);
        }
        const ended = autoPong ? [] : [{ type: 'close', reason: 'timeout' }];
        expect(events).to.deep.equal([{ type: 'open' }, ...ended]);
      });
    }

    it('should send an event that a page can see, when it is asked to', async () => {
      const { received } = await session(NEVER, { heartbeat: { every: 20, event: 'ping' } });
      expect(await received(1)).to.deep.equal(['{"data":"","event":"ping"}']);
    });

    it('should be silent when it is turned off', async () => {
      const { client, messages } = await session(NEVER, { heartbeat: false });
      let pings = 0;
      client.on('ping', () => (pings += 1));
      client.ping();
      await once(client, 'pong');
      await turn();
      expect([pings, messages]).to.deep.equal([0, []]);
    });
  });

  it('should refuse what is no WebSocket of ws, and options that it does not know', () => {
    expect(() => toWebSocket({} as never)).to.throw(
      TornadoseError,
      'Expected `ws` to be a WebSocket of the ws package, got an object (`Object`)',
    );
    const ws = new WebSocket('ws://127.0.0.1:1', { handshakeTimeout: 1 }).on('error', () => {});
    expect(() => toWebSocket(ws, { retry: 1000 } as never)).to.throw(TornadoseError, 'got `retry`');
  });

  it('should cut who is turned away by the gate and does not go', async () => {
    const gate = new Gate({ maxConnections: 1 });
    const { server, port } = await serve((_req, res) => res.end());
    const webSockets = new WebSocketServer({ server });
    closeLater(() => webSockets.close());
    webSockets.on('connection', (ws) => void NEVER.pipe(toWebSocket(ws, { gate })));
    const [inside, outside] = [await connect(port, upgrade()), await connect(port, upgrade())];
    // Of the two, one is in, whichever came first.
    await Promise.race([once(inside.resume(), 'close'), once(outside.resume(), 'close')]);
    while (webSockets.clients.size > 1) await turn();
    expect([gate.size, webSockets.clients.size]).to.deep.equal([1, 1]);
  });
});
