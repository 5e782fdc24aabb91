import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect as connectHttp2, constants } from 'node:http2';
import { brotliDecompressSync } from 'node:zlib';
import { expect } from 'chai';
import compression, { type CompressionOptions } from 'compression';
import express, { type Response } from 'express';
import { Subject } from 'rxjs';
import { type ConnectionEvent, fromPull, QueueStore, toEventSource } from 'tornadose';
import { type OpenStream, openOverHttp1, readStream } from '../support/openStream.ts';
import { closeLater, closeServers, connect, readUntil, serve, serveHttp2 } from '../support/servers.ts';

/** An Express application behind the middleware, and the answer to a client that takes compressed ones. */
async function answerOf(options: CompressionOptions, handle: (res: Response) => void): Promise<OpenStream> {
  const app = express();
  app.use(compression(options));
  app.get('/', (_req, res) => handle(res));
  const { port } = await serve(app);
  const answer = await openOverHttp1({ port });
  closeLater(answer.leave);
  return answer;
}

/** An application that has every answer compressed, event streams too, and a header that does not forbid it. */
const forced: CompressionOptions = { filter: () => true };
const transformable = { headers: { 'Cache-Control': 'no-cache' } };

describe('behind the compression middleware', () => {
  afterEach(closeServers);

  it('should send each event as it is and at once, whatever the middleware would compress', async () => {
    for (const options of [{}, forced]) {
      const store = new QueueStore<string>();
      const answer = await answerOf(options, (res) => void store.pipe(toEventSource(res)));
      expect(answer.headers).not.to.have.property('content-encoding');
      for (const value of ['first', 'second']) {
        store.next(value);
        expect(await readStream(answer, '\n\n')).to.equal(`data: ${value}\n\n`);
      }
    }
  });

  it('should not have an event held back where compression is forced on it', async () => {
    const store = new QueueStore<string>();
    const answer = await answerOf(forced, (res) => void store.pipe(toEventSource(res, transformable)));
    expect(answer.headers['content-encoding']).to.equal('br');
    for (const value of ['first', 'second']) {
      store.next(value);
      expect(await readStream(answer, '\n\n')).to.equal(`data: ${value}\n\n`);
    }
  });

  it('should not have the reconnection time or a heartbeat held back there either', async () => {
    const store = new QueueStore<string>();
    const prompt = { ...transformable, retry: 2500, heartbeat: false } as const;
    const answer = await answerOf(forced, (res) => void store.pipe(toEventSource(res, prompt)));
    expect(await readStream(answer, '\n\n')).to.equal('retry: 2500\n\n');
    const alive = { ...transformable, heartbeat: 20 };
    const other = await answerOf(forced, (res) => void store.pipe(toEventSource(res, alive)));
    expect(await readStream(other, ':\n\n')).to.match(/^(:\n\n)+$/);
  });

  it('should wait for the middleware, which compresses more slowly than a source can be read', async () => {
    let [taken, untilDrain, most] = [0, 0, 0];
    function* rows(): Generator<string> {
      for (; taken < 200; taken += 1) {
        untilDrain += 1;
        most = Math.max(most, untilDrain);
        yield 'a row'.repeat(4000);
      }
    }
    const { body } = await answerOf(forced, (res) => {
      void fromPull(rows()).pipe(toEventSource(res, transformable));
      res.on('drain', () => {
        untilDrain = 0;
      });
    });
    let length = 0;
    for await (const text of body.setEncoding('utf8')) length += text.length;
    expect(length).to.equal(200 * ('data: \n\n'.length + 20_000) + 'event: end\ndata:\n\n'.length);
    // What an outbox holds, 64 KiB, is four rows.
    expect(most).to.be.lessThan(10);
  });

  it('should break off when the source fails, behind all that it had sent, so that no reader takes it for the end', async () => {
    // A proxy would keep what it takes for a whole answer, and a `fetch` would resolve.
    const text = 'a row'.repeat(40_000);
    const source = new Subject<string>();
    const { port } = await serve(
      express()
        .use(compression(forced))
        .get('/', (_req, res) => {
          source.pipe(toEventSource(res, transformable)).subscribe();
        }),
    );
    const request = get({ port, headers: { 'accept-encoding': 'br' }, agent: false });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    const parts: Buffer[] = [];
    answer.on('data', (part) => parts.push(part)).on('error', () => {});
    const closed = new Promise((resolve) => answer.on('close', resolve));
    for (const value of [text, 'last']) source.next(value);
    source.error(new Error('It broke'));
    await closed;
    expect(answer.complete).to.equal(false);
    expect(brotliDecompressSync(Buffer.concat(parts)).toString() === `data: ${text}\n\ndata: last\n\n`).to.equal(true);
  });

  for (const trailers of [undefined, { 'x-sum': 'y' }]) {
    const those = trailers === undefined ? '' : ', with trailers';
    it(`should write nothing more behind what it has broken off: not the next response${those}`, async () => {
      const source = new Subject<string>();
      const { port } = await serve(
        express()
          .use(compression(forced))
          .get('/', (_req, res) => {
            if (trailers !== undefined) res.addTrailers(trailers);
            source.pipe(toEventSource(res, transformable)).subscribe();
          })
          .get('/plain', (_req, res) => void res.end('PLAIN')),
      );
      const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n`;
      const socket = await connect(port, request('/') + request('/plain'));
      await readUntil(socket, '\r\n\r\n');
      source.next('last');
      let rest = '';
      socket.on('data', (part) => (rest += part));
      source.error(new Error('It broke'));
      await once(socket, 'close');
      expect(rest).not.to.include('PLAIN');
      expect(rest).not.to.match(/\r\n0\r\n/);
    });
  }

  it('should break off over HTTP/2 too, behind all that it had sent', async () => {
    const source = new Subject<string>();
    const compress = compression(forced) as unknown as (req: unknown, res: unknown, next: () => void) => void;
    const { url } = await serveHttp2((req, res) => {
      compress(req, res, () => void source.pipe(toEventSource(res, transformable)).subscribe());
    });
    const session = connectHttp2(url);
    closeLater(() => session.destroy());
    const stream = session.request({ ':path': '/', 'accept-encoding': 'br' }).on('error', () => {});
    const parts: Buffer[] = [];
    stream.on('data', (part) => parts.push(part));
    const closed = new Promise((resolve) => stream.on('close', resolve));
    await once(stream, 'response');
    const text = 'a row'.repeat(40_000);
    for (const value of [text, 'last']) source.next(value);
    source.error(new Error('It broke'));
    await closed;
    expect(stream.rstCode).to.equal(constants.NGHTTP2_INTERNAL_ERROR);
    expect(brotliDecompressSync(Buffer.concat(parts)).toString() === `data: ${text}\n\ndata: last\n\n`).to.equal(true);
  });

  it('should unsubscribe when the client leaves, though it had not read what was compressed for it', async () => {
    const store = new QueueStore<string>();
    const events: ConnectionEvent[] = [];
    const answer = await answerOf(forced, (res) => {
      store.pipe(toEventSource(res, transformable)).subscribe((event) => events.push(event));
    });
    store.next('unread');
    answer.leave();
    while (store.observed) await new Promise((resolve) => setImmediate(resolve));
    expect(events.at(-1)).to.deep.include({ type: 'close', reason: 'client' });
  });
});
