import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { Readable } from 'node:stream';
import { expect } from 'chai';
import { EventSource } from 'eventsource';
import { createParser } from 'eventsource-parser';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { from } from 'rxjs';
import {
  type ErrorReport,
  Message,
  onBackpressureBuffer,
  TornadoseError,
  toEventSource,
  toResponse,
  toWebSocket,
} from 'tornadose';
import { WebSocket, WebSocketServer } from 'ws';
import { launchBrowser } from '../support/browser.ts';
import { reported } from '../support/channels.ts';
import { closeLater, closeServers, connect, serve, serveHttp2 } from '../support/servers.ts';
import { thrown } from '../support/thrown.ts';
import { parseEventStream } from './parseEventStream.ts';
import { eventTypes, expectedEvents, refusedFields, vectors, type WireEvent } from './vectors.ts';

const values = vectors.map(({ value }) => value);
// All of it comes at once, which is more than a client may have waiting by default.
const options = { backpressure: onBackpressureBuffer<unknown>({ maxBytes: 64 * 1024 * 1024 }) };

/** Serves all vectors, as one stream each time. */
const serveVectors = () => serve((_req, res) => void from(values).pipe(toEventSource(res, options)));

/** All that a client saw must be all that was published, to the letter. */
function expectAll(events: readonly WireEvent[]): void {
  expect(events.at(-1)?.type, 'the last event').to.equal('end');
  const seen = events.slice(0, -1);
  for (const [index, event] of expectedEvents.entries()) {
    // The texts are too long for chai to show their difference.
    if (seen[index]?.data !== event.data) expect(short(seen[index])).to.deep.equal(short(event));
    expect(short(seen[index]), `event ${index}`).to.deep.equal(short(event));
  }
  expect(seen).to.have.length(expectedEvents.length);
}

const short = (event: WireEvent | undefined): object => ({ ...event, data: event?.data.slice(0, 100) });

async function textOf(readable: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readable) chunks.push(chunk as Buffer);
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
}

/** What is common to clients that are no EventSource: they know the id of an event, not that of the last. */
function withLastIds(
  events: readonly { id?: string | undefined; event?: string | undefined; data: string }[],
): WireEvent[] {
  let lastEventId = '';
  return events.map(({ id, event, data }) => {
    lastEventId = id ?? lastEventId;
    return { type: event ?? 'message', data, lastEventId };
  });
}

describe('the wire', () => {
  afterEach(closeServers);

  it('should refuse each field that a client would read as something else', () => {
    for (const fields of refusedFields) expect(thrown(() => new Message(fields)).code).to.equal('ERR_INVALID_MESSAGE');
  });

  it('should be read equal by the algorithm of the standard, over HTTP/1.1', async () => {
    const { port } = await serveVectors();
    const [response] = (await once(http.get({ port, host: '127.0.0.1' }), 'response')) as [http.IncomingMessage];
    const { events, retries } = parseEventStream(await textOf(response));
    expectAll(events);
    expect(retries).to.deep.equal([100, 2 ** 31 - 1]);
  });

  it('should be read equal by the algorithm of the standard, over HTTP/1.0', async () => {
    const { port } = await serveVectors();
    const socket = await connect(port, 'GET / HTTP/1.0\r\n\r\n');
    const [head, ...body] = (await textOf(socket)).split('\r\n\r\n');
    expect(head)
      .to.match(/^HTTP\/1\.1 200 OK/)
      .and.not.match(/chunked/i);
    expectAll(parseEventStream(body.join('\r\n\r\n')).events);
  });

  it('should be read equal by the algorithm of the standard, over HTTP/2', async () => {
    const { url } = await serveHttp2((_req, res) => void from(values).pipe(toEventSource(res, options)));
    const session = http2.connect(url);
    closeLater(() => session.destroy());
    expectAll(parseEventStream(await textOf(session.request({ ':path': '/' }))).events);
  });

  it('should be read equal by the algorithm of the standard, as a web response', async () => {
    const response = toResponse(from(values), new Request('http://localhost/'), options);
    expectAll(parseEventStream(await response.text()).events);
  });

  it('should be read equal by eventsource-parser', async () => {
    const { port } = await serveVectors();
    const [response] = (await once(http.get({ port, host: '127.0.0.1' }), 'response')) as [http.IncomingMessage];
    const events: { id?: string | undefined; event?: string | undefined; data: string }[] = [];
    const errors: Error[] = [];
    const parser = createParser({ onEvent: (event) => events.push(event), onError: (error) => errors.push(error) });
    response.setEncoding('utf8');
    for await (const chunk of response) parser.feed(chunk as string);
    expect(errors).to.deep.equal([]);
    expectAll(withLastIds(events));
  });

  it('should be read equal by fetch', async () => {
    const { url } = await serveVectors();
    const { body } = await fetch(url);
    const events: { id?: string | undefined; event?: string | undefined; data: string }[] = [];
    const parsed = (body as ReadableStream<Uint8Array<ArrayBuffer>>)
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream({ onError: 'terminate' }));
    for await (const event of parsed) events.push(event);
    expectAll(withLastIds(events));
  });

  it('should be read equal by eventsource', async () => {
    const { url } = await serveVectors();
    const source = new EventSource(url);
    closeLater(() => source.close());
    const events: WireEvent[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      source.addEventListener('error', ({ message }) => reject(new Error(message)));
      for (const type of [...eventTypes, 'end']) {
        source.addEventListener(type, ({ type: name, data, lastEventId }) => {
          events.push({ type: name, data, lastEventId });
          if (name === 'end') resolve();
        });
      }
    });
    await ended;
    source.close();
    // Against the standard, it gives an event without an id none, and not the last one.
    expectAll(
      withLastIds(events.map(({ type, data, lastEventId }) => ({ id: lastEventId || undefined, event: type, data }))),
    );
  });

  it('should be read equal by Chromium', async () => {
    const { url } = await serve((req, res) => {
      if (req.url === '/stream') void from(values).pipe(toEventSource(res, options));
      else res.setHeader('Content-Type', 'text/html').end('<!doctype html><title>wire</title>');
    });
    const browser = await launchBrowser();
    closeLater(() => browser.close());
    const page = await browser.newPage();
    await page.goto(url);
    const events = await page.evaluate<WireEvent[]>(`new Promise((resolve, reject) => {
      const source = new EventSource('/stream');
      const events = [];
      source.onerror = () => reject(new Error('the stream broke'));
      for (const type of ${JSON.stringify([...eventTypes, 'end'])}) {
        source.addEventListener(type, ({ type, data, lastEventId }) => {
          events.push({ type, data, lastEventId });
          if (type !== 'end') return;
          source.close();
          resolve(events);
        });
      }
    })`);
    expectAll(events);
  });

  it('should be read equal by a WebSocket client, with every line end as it was', async () => {
    const { server, port } = await serve((_req, res) => res.end());
    new WebSocketServer({ server }).on('connection', (ws) => void from(values).pipe(toWebSocket(ws, options)));
    const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    closeLater(() => client.terminate());
    const messages: unknown[] = [];
    client.on('message', (message) => messages.push(JSON.parse(String(message))));
    await once(client, 'close');
    const sent = vectors
      .filter(({ event }) => event !== undefined)
      .map(({ value }) => {
        if (!(value instanceof Message)) return { data: value };
        const { data, event, id } = value;
        return { data, ...(event === undefined ? {} : { event }), ...(id === undefined ? {} : { id }) };
      });
    expect(messages).to.have.length(sent.length);
    for (const [index, message] of messages.entries()) {
      const [seen, wanted] = [JSON.stringify(message), JSON.stringify(sent[index])];
      if (seen !== wanted) expect(seen.slice(0, 200), `message ${index}`).to.equal(wanted.slice(0, 200));
    }
  });

  it('should report each value that cannot be sent, once', async () => {
    const reports = await reported<ErrorReport>('error', () =>
      toResponse(from(values), new Request('http://localhost/'), options).text(),
    );
    expect(reports)
      .to.have.length(vectors.filter(({ event }) => event === undefined).length)
      .and.length.above(5);
    for (const { error } of reports) expect(TornadoseError.is(error, 'ERR_UNSERIALISABLE')).to.equal(true);
  });
});
