import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { inspect, promisify } from 'node:util';
import { expect } from 'chai';
import { EventSource } from 'eventsource';
import { EMPTY, lastValueFrom, NEVER, type Observable, of, Subject, throwError, toArray } from 'rxjs';
import sinon from 'sinon';
import {
  type ConnectionEvent,
  DataStore,
  Message,
  onBackpressureLatest,
  QueueStore,
  TornadoseError,
  toEventSource,
} from 'tornadose';
import { pathOf } from '../support/programs.ts';
import { closeLater, closeServers, connect, readUntil, serve, serveHttp2 } from '../support/servers.ts';

/** Serves one Observable to all, and gives what each connection told. */
async function streaming<T>(source: Observable<T>, options = {}) {
  const connections: Observable<ConnectionEvent>[] = [];
  const running = await serve((_req, res) => {
    const connection = source.pipe(toEventSource(res, options));
    connection.subscribe();
    connections.push(connection);
  });
  return { ...running, connections };
}

const closing = (connection: Observable<ConnectionEvent> | undefined): Promise<ConnectionEvent> =>
  lastValueFrom(connection as Observable<ConnectionEvent>);

const get = 'GET / HTTP/1.1\r\nHost: spec\r\n\r\n';

describe('toEventSource', () => {
  afterEach(closeServers);

  describe('start', () => {
    it('should send its headers at once, before there is an event', async () => {
      const { url } = await streaming(NEVER);
      const response = await fetch(url);
      expect(response.status).to.equal(200);
      expect(response.headers.get('content-type')).to.equal('text/event-stream');
      expect(response.headers.get('cache-control')).to.equal('no-cache, no-transform');
      expect(response.headers.get('x-accel-buffering')).to.equal('no');
      await response.body?.cancel();
    });

    it('should keep the headers that the application set before, and add those of the options', async () => {
      const { url } = await serve((_req, res) => {
        res
          .setHeader('Access-Control-Allow-Origin', '*')
          .setHeader('Set-Cookie', ['a=1', 'b=2'])
          .setHeader('Content-Length', 3);
        void of(1).pipe(toEventSource(res, { headers: { 'Cache-Control': 'no-store', 'X-Own': 'yes' }, status: 201 }));
      });
      const response = await fetch(url);
      expect(response.status).to.equal(201);
      expect(response.headers.get('access-control-allow-origin')).to.equal('*');
      expect(response.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
      expect(response.headers.get('cache-control')).to.equal('no-store');
      expect(response.headers.get('x-own')).to.equal('yes');
      expect(response.headers.get('content-length')).to.equal(null);
      expect(await response.text()).to.equal('data: 1\n\nevent: end\ndata:\n\n');
    });

    it('should give its headers to middleware that waits for them, and hear of the end through middleware that listens', async () => {
      const store = new QueueStore<string>();
      const seen: unknown[] = [];
      const events: ConnectionEvent[] = [];
      const { port } = await serve((_req, res) => {
        const { writeHead, on } = res;
        res.writeHead = ((...args: Parameters<typeof writeHead>) => {
          seen.push(res.getHeader('content-type'));
          return writeHead.apply(res, args);
        }) as typeof writeHead;
        // Whoever delegates calls the listener with another `this`.
        res.on = ((name: string, listener: (...args: unknown[]) => void) =>
          on.call(res, name, (...args: unknown[]) => listener(...args))) as typeof on;
        store.pipe(toEventSource(res)).subscribe((event) => events.push(event));
      });
      const socket = await connect(port, get);
      await readUntil(socket, '\r\n\r\n');
      expect(seen).to.deep.equal(['text/event-stream']);
      socket.destroy();
      while (store.observed) await new Promise((resolve) => setImmediate(resolve));
      expect(events.at(-1)).to.deep.equal({ type: 'close', reason: 'client' });
    });

    it('should leave a response of Node as it was for those who look at it later', async () => {
      const states: unknown[] = [];
      const { url } = await serve((_req, res) => {
        void of('a').pipe(toEventSource(res));
        states.push(res.headersSent, res.statusCode);
        expect(() => res.setHeader('late', '1'))
          .to.throw()
          .and.to.include({ code: 'ERR_HTTP_HEADERS_SENT' });
        expect(() => res.writeHead(200))
          .to.throw()
          .and.to.include({ code: 'ERR_HTTP_HEADERS_SENT' });
      });
      expect(await (await fetch(url)).text()).to.equal('data: a\n\nevent: end\ndata:\n\n');
      expect(states).to.deep.equal([true, 200]);
    });

    it('should send the reconnection time first', async () => {
      const { url } = await streaming(of('a'), { retry: 2500 });
      expect(await (await fetch(url)).text()).to.match(/^retry: 2500\n\ndata: a\n\n/);
    });

    it('should subscribe at once, though nobody watches', () => {
      const store = new QueueStore<number>();
      return serve((_req, res) => {
        void store.pipe(toEventSource(res));
        expect(store.observed).to.equal(true);
        store.next(7);
      }).then(async ({ port }) => {
        expect(await readUntil(await connect(port, get), 'data: 7')).to.include('200 OK');
      });
    });

    it('should answer 204 when the source completes at once with nothing emitted', async () => {
      const { url, connections } = await streaming(EMPTY);
      const response = await fetch(url);
      expect(response.status).to.equal(204);
      expect(await closing(connections[0])).to.deep.equal({ type: 'close', reason: 'complete' });
    });

    it('should answer 500 when the source fails at once with nothing emitted', async () => {
      const error = new Error('no such ticker');
      const { url, connections } = await streaming(throwError(() => error));
      const answer = fetch(url);
      const response = await answer;
      expect(response.status).to.equal(500);
      expect(await closing(connections[0])).to.deep.equal({ type: 'close', reason: 'error', error });
    });

    it('should send what a source emits while it is subscribed, and then the end', async () => {
      const { url } = await streaming(of('a', { b: 1 }, new Message({ data: 'c', event: 'e', id: '1', retry: 500 })));
      expect(await (await fetch(url)).text()).to.equal(
        'data: a\n\ndata: {"b":1}\n\nevent: e\nid: 1\nretry: 500\ndata: c\n\nevent: end\ndata:\n\n',
      );
    });
  });

  describe('end', () => {
    it('should send the event `end` when the source completes later, so that a page closes its EventSource', async () => {
      const source = new Subject<number>();
      const { url, connections } = await streaming(source);
      const page = new EventSource(url);
      closeLater(() => page.close());
      const ended = new Promise<string>((resolve) => page.addEventListener('end', ({ data }) => resolve(data)));
      await new Promise((resolve) => page.addEventListener('open', resolve));
      source.next(1);
      source.complete();
      expect(await ended).to.equal('');
      page.close();
      expect(await closing(connections[0])).to.deep.equal({ type: 'close', reason: 'complete' });
    });

    it('should name the end as it is asked to, or leave it out', async () => {
      const named = await streaming(of(1), { end: 'done' });
      expect(await (await fetch(named.url)).text()).to.equal('data: 1\n\nevent: done\ndata:\n\n');
      const without = await streaming(of(1), { end: false });
      expect(await (await fetch(without.url)).text()).to.equal('data: 1\n\n');
    });

    it('should break the answer when the source fails later, after what it emitted before', async () => {
      const source = new Subject<number>();
      const error = new Error('lost the database');
      const { port, connections } = await streaming(source);
      const socket = await connect(port, get);
      await readUntil(socket, '\r\n\r\n');
      source.next(1);
      source.error(error);
      const rest = await readUntil(socket, 'data: 1');
      const [hadError] = await once(socket, 'close');
      expect(hadError).to.equal(false);
      expect(rest).not.to.include('\r\n0\r\n');
      expect(await closing(connections[0])).to.deep.equal({ type: 'close', reason: 'error', error });
    });

    it('should unsubscribe when the client leaves', async () => {
      const store = new DataStore<number>();
      const { port, connections } = await streaming(store);
      const socket = await connect(port, get);
      await readUntil(socket, '\r\n\r\n');
      expect(store.observed).to.equal(true);
      socket.destroy();
      expect(await closing(connections[0])).to.deep.include({ type: 'close', reason: 'client' });
      expect(store.observed).to.equal(false);
    });

    it('should end for a signal, with what was published before it', async () => {
      const shutdown = new AbortController();
      const store = new QueueStore<number>();
      const { url, connections } = await streaming(store, { signal: shutdown.signal });
      const response = await fetch(url);
      store.next(1);
      shutdown.abort();
      store.next(2);
      expect(await response.text()).to.equal('data: 1\n\n');
      expect(await closing(connections[0])).to.deep.equal({ type: 'close', reason: 'signal' });
      const late = await fetch(url);
      expect(late.status).to.equal(200);
      expect(await late.text()).to.equal('');
    });

    it('should take one signal for many clients without a warning of listeners', async () => {
      const warned = sinon.spy();
      process.on('warning', warned);
      closeLater(() => process.off('warning', warned));
      const { signal } = new AbortController();
      const { port, connections } = await streaming(NEVER, { signal });
      await Promise.all(Array.from({ length: 50 }, async () => readUntil(await connect(port, get), '\r\n\r\n')));
      expect(connections).to.have.length(50);
      await new Promise((resolve) => setImmediate(resolve));
      expect(warned.args).to.deep.equal([]);
    });

    it('should end at its greatest age', async () => {
      const { url, connections } = await streaming(NEVER, { maxAge: 40 });
      expect(await (await fetch(url)).text()).to.equal('');
      expect(await closing(connections[0])).to.deep.equal({ type: 'close', reason: 'maxAge' });
    });

    it('should send nothing to a client whose authorisation is over already, also of what is there', async () => {
      const store = new DataStore('secret');
      const { url, connections } = await streaming(store, { expires: Date.now() - 60_000 });
      expect(await (await fetch(url)).text()).to.equal('');
      expect(await closing(connections[0])).to.deep.equal({ type: 'close', reason: 'expired' });
      expect(store.observed).to.equal(false);
    });

    it('should end when the authorisation expires, without what was still waiting', async () => {
      const { url, connections } = await streaming(NEVER, { expires: Date.now() + 40 });
      expect(await (await fetch(url)).text()).to.equal('');
      expect(await closing(connections[0])).to.deep.equal({ type: 'close', reason: 'expired' });
    });
  });

  describe('watching', () => {
    it('should emit `open` and `close`, and remember them for those who come later', async () => {
      const { url, connections } = await streaming(of(1, undefined));
      await (await fetch(url)).text();
      const events = await lastValueFrom((connections[0] as Observable<ConnectionEvent>).pipe(toArray()));
      expect(events).to.deep.equal([
        { type: 'open' },
        { type: 'drop', reason: 'unserialisable', count: 1, bytes: 0 },
        { type: 'close', reason: 'complete' },
      ]);
    });

    it('should warn once for an error object that nobody watches, however many clients it ends', async () => {
      const warned = sinon.spy();
      process.on('warning', warned);
      closeLater(() => process.off('warning', warned));
      const source = new Subject<number>();
      const { port } = await serve((_req, res) => void source.pipe(toEventSource(res)));
      const sockets = await Promise.all(Array.from({ length: 3 }, () => connect(port, get)));
      await Promise.all(sockets.map((socket) => readUntil(socket, '\r\n\r\n')));
      const closed = Promise.all(sockets.map((socket) => once(socket, 'close')));
      source.error(new Error('unwatched'));
      await closed;
      await new Promise((resolve) => setImmediate(resolve));
      expect(
        warned.args.map(([warning]) => [warning.name, warning.message.includes('Error: unwatched')]),
      ).to.deep.equal([['TornadoseWarning', true]]);
    });

    it('should not warn where somebody begins to watch in the same turn', async () => {
      const warned = sinon.spy();
      process.on('warning', warned);
      closeLater(() => process.off('warning', warned));
      const error = new Error('watched');
      const seen: ConnectionEvent[] = [];
      const { url } = await serve((_req, res) => {
        const connection = throwError(() => error).pipe(toEventSource(res));
        process.nextTick(() => connection.subscribe((event) => seen.push(event)));
      });
      await fetch(url);
      await new Promise((resolve) => setImmediate(resolve));
      expect(seen).to.deep.equal([{ type: 'close', reason: 'error', error }]);
      expect(warned.args).to.deep.equal([]);
    });
  });

  describe('heartbeat', () => {
    it('should send a comment after a silence', async () => {
      const { port } = await streaming(NEVER, { heartbeat: 20 });
      expect(await readUntil(await connect(port, get), ':\n\n')).to.include('200 OK');
    });

    it('should send an event that a page can see, when it is asked to', async () => {
      const { url } = await streaming(NEVER, { heartbeat: { every: 20, event: 'ping' } });
      const page = new EventSource(url);
      closeLater(() => page.close());
      expect(await new Promise((resolve) => page.addEventListener('ping', ({ data }) => resolve(data)))).to.equal('');
    });
  });

  describe('on every kind of response', () => {
    it('should stream over HTTP/1.0, which has no chunks', async () => {
      const { port } = await streaming(of('a', 'b'));
      const socket = await connect(port, 'GET / HTTP/1.0\r\n\r\n');
      const answer = await readUntil(socket, 'event: end\ndata:\n\n');
      expect(answer).to.match(/\r\n\r\ndata: a\n\ndata: b\n\nevent: end\ndata:\n\n$/);
      expect(answer.toLowerCase()).not.to.include('transfer-encoding');
      await once(socket, 'close');
    });

    it('should wait for its turn in a pipeline, and leave the connection to the next', async () => {
      const first = new Subject<string>();
      const { port } = await serve((req, res) => {
        if (req.url === '/1') void first.pipe(toEventSource(res));
        else if (req.url === '/2') void of('second').pipe(toEventSource(res));
        else res.end('third');
      });
      const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: spec\r\n\r\n`;
      const socket = await connect(port, request('/1') + request('/2') + request('/3'));
      await readUntil(socket, '\r\n\r\n');
      first.next('first');
      const text = await readUntil(socket, 'data: first');
      first.complete();
      const all = await readUntil(socket, 'third', text);
      expect(all.match(/data: \w+|third|HTTP\/1.1 200/g)).to.deep.equal([
        'data: first',
        'HTTP/1.1 200',
        'data: second',
        'HTTP/1.1 200',
        'third',
      ]);
    });

    it('should unsubscribe those that wait in a pipeline when the client leaves', async () => {
      const store = new DataStore(1);
      const closed: Promise<ConnectionEvent>[] = [];
      const { port } = await serve((_req, res) => {
        closed.push(closing(store.pipe(toEventSource(res, { backpressure: onBackpressureLatest() }))));
      });
      const socket = await connect(port, get.repeat(20));
      while (store.observers.length < 20) await new Promise((resolve) => setImmediate(resolve));
      socket.destroy();
      for (const event of await Promise.all(closed)) expect(event).to.deep.include({ type: 'close', reason: 'client' });
      expect(store.observed).to.equal(false);
    });

    it('should refuse one that waits in a pipeline whose client has left', async () => {
      const store = new DataStore(1);
      const left: ServerResponse[] = [];
      const { port, server } = await serve((_req, res) => left.push(res));
      const gone = new Promise<void>((resolve) => {
        server.on('connection', (connection: Socket) => connection.on('close', () => resolve()));
      });
      const socket = await connect(port, get.repeat(3));
      while (left.length < 3) await new Promise((resolve) => setImmediate(resolve));
      socket.destroy();
      await gone;
      for (const res of left) {
        expect(await closing(store.pipe(toEventSource(res)))).to.deep.include({ type: 'close', reason: 'refused' });
      }
      expect(store.observed).to.equal(false);
    });

    it('should break off one that has waited in a pipeline when its source fails', async () => {
      const [first, second] = [new Subject<string>(), new Subject<string>()];
      const { port } = await serve((req, res) => {
        (req.url === '/1' ? first : second).pipe(toEventSource(res)).subscribe();
      });
      const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: spec\r\n\r\n`;
      const socket = await connect(port, request('/1') + request('/2'));
      while (!second.observed) await new Promise((resolve) => setImmediate(resolve));
      first.next('first');
      first.complete();
      second.next('second');
      const text = await readUntil(socket, 'data: second');
      const rest = once(socket, 'close');
      let more = '';
      socket.on('data', (chunk: string) => {
        more += chunk;
      });
      second.error(new Error('no more'));
      await rest;
      expect((text + more).split('data: second')[1]).not.to.include('\r\n0\r\n');
    });

    it('should stream over HTTP/2, with no header of a connection and no warning', async () => {
      const warned = sinon.spy();
      process.on('warning', warned);
      closeLater(() => process.off('warning', warned));
      const { url } = await serveHttp2((_req, res) => void of('a').pipe(toEventSource(res)));
      const session = http2.connect(url);
      closeLater(() => session.destroy());
      const stream = session.request({ ':path': '/' });
      const [headers] = await once(stream, 'response');
      expect(headers[':status']).to.equal(200);
      expect(headers).not.to.have.any.keys('connection', 'keep-alive', 'transfer-encoding');
      let text = '';
      for await (const chunk of stream) text += chunk;
      expect(text).to.equal('data: a\n\nevent: end\ndata:\n\n');
      expect(warned.args).to.deep.equal([]);
    });

    it('should be read by curl, over HTTP/2 and HTTP/1.1', async () => {
      const { url: http2Url } = await serveHttp2((_req, res) => void of('a', 'b').pipe(toEventSource(res)));
      const { url: http1Url } = await serve((_req, res) => void of('a', 'b').pipe(toEventSource(res)));
      const curl = promisify(execFile);
      const events = 'data: a\n\ndata: b\n\nevent: end\ndata:\n\n';
      const [over2, over1] = await Promise.all([
        curl(pathOf('curl'), ['-sSNi', '--http2-prior-knowledge', http2Url]),
        curl(pathOf('curl'), ['-sSNi', http1Url]),
      ]);
      expect(over2.stdout).to.match(/^HTTP\/2 200/);
      expect(over2.stdout.endsWith(events)).to.equal(true);
      expect(over1.stdout).to.match(/^HTTP\/1.1 200 OK/);
      expect(over1.stdout.endsWith(events)).to.equal(true);
    });

    it('should unsubscribe when an HTTP/2 stream is cancelled, and leave its siblings alone', async () => {
      const store = new QueueStore<string>();
      const { url } = await serveHttp2((_req, res) => void store.pipe(toEventSource(res)));
      const session = http2.connect(url);
      closeLater(() => session.destroy());
      const [gone, stays] = [session.request({ ':path': '/' }), session.request({ ':path': '/' })];
      await Promise.all([once(gone, 'response'), once(stays, 'response')]);
      expect(store.observers).to.have.length(2);
      gone.close(http2.constants.NGHTTP2_CANCEL);
      await once(gone, 'close');
      while (store.observers.length === 2) await new Promise((resolve) => setImmediate(resolve));
      store.next('still here');
      const [chunk] = await once(stays, 'data');
      expect(String(chunk)).to.equal('data: still here\n\n');
    });

    it('should tell an HTTP/2 client of a failure by the code of its stream', async () => {
      const source = new Subject<string>();
      const { url } = await serveHttp2((_req, res) => {
        source.pipe(toEventSource(res)).subscribe();
      });
      const session = http2.connect(url);
      closeLater(() => session.destroy());
      const stream = session.request({ ':path': '/' });
      await once(stream, 'response');
      source.next('a');
      expect(String((await once(stream, 'data'))[0])).to.equal('data: a\n\n');
      source.error(new Error('no more'));
      const [error] = await once(stream, 'error');
      expect(error.message).to.include('NGHTTP2_INTERNAL_ERROR');
    });

    it('should write through middleware that has wrapped the response', async () => {
      const { url } = await serve((_req, res) => {
        const write = res.write;
        res.write = function upper(this: ServerResponse, chunk: unknown) {
          return write.call(this, String(chunk).toUpperCase(), 'utf8', () => {});
        } as typeof res.write;
        void of('quiet').pipe(toEventSource(res, { end: false }));
      });
      expect(await (await fetch(url)).text()).to.equal('DATA: QUIET\n\n');
    });

    it('should stay open when the request was read before, or asynchronously', async () => {
      const store = new DataStore('here');
      const { port, connections } = await (async () => {
        const seen: Observable<ConnectionEvent>[] = [];
        const running = await serve(async (req, res) => {
          req.resume();
          await once(req, 'end');
          await new Promise((resolve) => setTimeout(resolve, 5));
          seen.push(store.pipe(toEventSource(res)));
        });
        return { ...running, connections: seen };
      })();
      const socket = await connect(port, 'POST / HTTP/1.1\r\nHost: spec\r\nContent-Length: 5\r\n\r\nhello');
      const text = await readUntil(socket, 'data: here');
      store.next('and later');
      await readUntil(socket, 'data: and later', text);
      expect(connections).to.have.length(1);
    });

    it('should answer HEAD with the headers alone, and refuse the source', async () => {
      const store = new QueueStore<number>();
      const { url, connections } = await streaming(store);
      const response = await fetch(url, { method: 'HEAD' });
      expect(response.headers.get('content-type')).to.equal('text/event-stream');
      const event = await closing(connections[0]);
      expect(event).to.deep.include({ type: 'close', reason: 'refused' });
      expect((event as { error: TornadoseError }).error).to.include({ code: 'ERR_REFUSED', state: 'head' });
      expect(store.observed).to.equal(false);
    });
  });

  describe('on a response that cannot be written to', () => {
    const cases: Record<string, (req: IncomingMessage, res: ServerResponse) => void> = {
      ended: (_req, res) => res.end(),
      started: (_req, res) => res.writeHead(200).flushHeaders(),
      destroyed: (_req, res) => res.destroy(),
    };
    for (const [state, prepare] of Object.entries(cases)) {
      it(`should refuse one that has ${state === 'destroyed' ? 'been ' : ''}${state}, and not crash`, async () => {
        const store = new DataStore(1);
        const event = await new Promise<ConnectionEvent>((resolve) => {
          void serve((req, res) => {
            prepare(req, res);
            void closing(store.pipe(toEventSource(res))).then(resolve);
          }).then(({ port }) => connect(port, get));
        });
        expect(event).to.deep.include({ type: 'close', reason: 'refused' });
        expect((event as { error: TornadoseError }).error).to.include({ code: 'ERR_REFUSED', state });
        expect(store.observed).to.equal(false);
      });
    }

    it('should refuse a response whose request was destroyed', async () => {
      const event = await new Promise<ConnectionEvent>((resolve) => {
        void serve((req, res) => {
          req.destroy();
          void closing(NEVER.pipe(toEventSource(res))).then(resolve);
        }).then(({ port }) => connect(port, get));
      });
      expect(event).to.deep.include({ type: 'close', reason: 'refused' });
    });

    it('should not write to a connection whose client has closed its side, when that has not taken the rest', async () => {
      const source = new Subject<string>();
      const sockets: Socket[] = [];
      const errors: Error[] = [];
      const { server, port } = await serve((req, res) => {
        sockets.push(req.socket);
        source.pipe(toEventSource(res)).subscribe((event) => events.push(event));
      });
      const events: ConnectionEvent[] = [];
      // Node's name for any error of a connection.
      server.on('clientError', (error) => errors.push(error));
      const client = await connect(port, get);
      await once(client, 'readable');
      const [socket] = sockets as [Socket];
      // With a timeout it is written to through Node's streams: less than they take before they say that it is enough, so nobody
      // waits for a drain.
      socket.setTimeout(60_000);
      while (socket.writableLength === 0) {
        source.next('x'.repeat(8000));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const ended = once(socket, 'end');
      client.end();
      await ended;
      source.next('more');
      await new Promise((resolve) => setImmediate(resolve));
      expect(errors).to.deep.equal([]);
      expect(events.at(-1)).to.deep.equal({ type: 'close', reason: 'client' });
      expect(source.observed).to.equal(false);
    });

    it('should survive an application that ends the response and publishes in the same tick', async () => {
      const store = new QueueStore<string>();
      const { port } = await serve((req, res) => {
        if (req.url !== '/') {
          res.end('next');
          return;
        }
        void store.pipe(toEventSource(res));
        setImmediate(() => {
          store.next('before');
          res.end();
          store.next('after');
        });
      });
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      closeLater(() => agent.destroy());
      const read = async (path: string): Promise<string> => {
        const request = http.get({ port, path, agent, host: '127.0.0.1' });
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        let text = '';
        for await (const chunk of response) text += chunk;
        return text;
      };
      expect(await read('/')).to.equal('');
      expect(await read('/next')).to.equal('next');
    });
  });

  describe('options', () => {
    const wrong: [object, string][] = [
      [
        { heartbeat: -1 },
        'Expected `heartbeat` to be a number of milliseconds above 0 and up to 2147483647, got `-1` (number)',
      ],
      [{ hartbeat: 5 }, 'Expected an option of `toEventSource` (backpressure, '],
      [
        { heartbeat: null },
        'Expected `heartbeat` to be a number of milliseconds, false or { every, event }, got `null`',
      ],
      [
        { expires: 1_800_000_000 },
        'Expected `expires` to be in ms since 1970, not in seconds, got `1800000000` (number)',
      ],
      [
        { status: 304 },
        'Expected `status` to be an HTTP status from 200 to 599 whose answer has a body, got `304` (number)',
      ],
      [{ headers: new Headers() }, 'Expected `headers` to be an object of names and values, got an object (`Headers`)'],
      [{ headers: { 'X-A': 'a\nb' } }, 'Expected `headers.X-A` to be a text or number that a header can have, got '],
      [
        { backpressure: onBackpressureLatest },
        'Expected `backpressure` to be a strategy, such as `onBackpressureLatest()`',
      ],
      [{ retry: 10 }, 'Expected `retry` to be an integer of milliseconds, from 100 to 2147483647, got `10` (number)'],
      [
        { backpressure: 'latest' },
        'Expected `backpressure` to be a strategy, such as `onBackpressureLatest()`, got `"latest"` (string)',
      ],
      [{ outboxBytes: 1.5 }, 'Expected `outboxBytes` to be a positive integer, got `1.5` (number)'],
      [{ signal: 5 }, 'Expected `signal` to be an AbortSignal, got `5` (number)'],
      [{ expires: 'soon' }, 'Expected `expires` to be a Date or a number of ms since 1970, got `"soon"` (string)'],
      [{ serialize: 1 }, 'Expected `serialize` to be a function, got `1` (number)'],
      [{ end: 'a\nb' }, 'Expected `end` to be false or the name of an event, got `"a\\nb"` (string)'],
      [
        { status: 99 },
        'Expected `status` to be an HTTP status from 200 to 599 whose answer has a body, got `99` (number)',
      ],
      [{ headers: 5 }, 'Expected `headers` to be an object of names and values, got `5` (number)'],
    ];
    for (const [options, message] of wrong) {
      it(`should refuse ${inspect(options)} at the door, saying what was expected and what came`, async () => {
        const caught = await new Promise<unknown>((resolve) => {
          void serve((_req, res) => {
            try {
              toEventSource(res, options);
            } catch (error) {
              resolve(error);
            }
          }).then(({ port }) => connect(port, get));
        });
        expect(TornadoseError.is(caught, 'ERR_INVALID_OPTION')).to.equal(true);
        expect((caught as Error).message).to.satisfy(
          (text: string) => text.startsWith(message),
          (caught as Error).message,
        );
      });
    }
  });
});
