import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { finalize, map, NEVER, type Observable, of, Subject } from 'rxjs';
import sinon, { type SinonStub } from 'sinon';
import { Gate, QueueStore } from 'tornadose';
import { warnings } from '../support/channels.ts';
import type { Host } from '../support/host.ts';
import { type Protocol, StreamClient, type StreamRequest } from '../support/StreamClient.ts';
import { closeLater, closeServers } from '../support/servers.ts';

/** What a server is to serve, in the way of its framework. */
export interface Served {
  /**
   * For `GET /stream`, to be piped to the client after the framework has set the headers of {@link appHeaders}; and for
   * `POST /stream`, once the framework's way to read a body has given `{ topic }`, and something else was awaited.
   */
  stream(topic?: string): Observable<string>;
  /** To be given to the sink. */
  readonly signal: AbortSignal;
  /** To be given to the sink, and to watch the server. */
  readonly gate: Gate;
}

/** How servers differ. */
export interface ServerFacts {
  readonly protocol?: Protocol;
}

/** What an application sets in its own way before it streams. */
export const appHeaders = {
  'access-control-allow-origin': 'https://app.example',
  'set-cookie': ['a=1; Path=/', 'b=2; Path=/'],
} as const;

/** What is owed to a user of every server: the same as with plain `node:http`. */
export function serverContract(
  title: string,
  /** Starts a server of the framework. Its `close` is called when its streams have ended, or just before. */
  start: (served: Served) => Promise<Host>,
  { protocol = 'HTTP/1.1' }: ServerFacts = {},
): void {
  describe(`${title} keeps the contract of a server`, () => {
    let store: QueueStore<string>;
    let stream: Served['stream'];
    let closing: AbortController;
    let gate: Gate;
    let host: Host;
    let complaints: SinonStub;

    beforeEach(async () => {
      complaints = sinon.stub(console, 'error');
      store = new QueueStore();
      stream = (topic) => (topic === undefined ? store : store.pipe(map((text) => `${topic} ${text}`)));
      closing = new AbortController();
      gate = new Gate();
      host = await start({ stream: (topic) => stream(topic), signal: closing.signal, gate });
      closeLater(() => host.close());
      closeLater(() => closing.abort());
    });

    afterEach(async () => {
      await closeServers();
      complaints.restore();
    });

    const open = (request?: StreamRequest): Promise<StreamClient> =>
      StreamClient.open(protocol, `${host.url}/stream`, request);

    const until = async (done: () => boolean): Promise<void> => {
      while (!done()) await turn();
    };

    it('should answer before there is an event, and then bring each one when it comes', async () => {
      const client = await open();
      expect(client.status).to.equal(200);
      store.next('first');
      expect(await client.until('first')).to.equal('data: first\n\n');
      store.next('second');
      expect(await client.until('second')).to.equal('data: first\n\ndata: second\n\n');
    });

    it('should keep the headers that the application has set, and add its own', async () => {
      const { headers } = await open();
      expect(headers).to.include({ 'access-control-allow-origin': appHeaders['access-control-allow-origin'] });
      // Some frameworks write a cookie in a way of their own.
      const cookies = headers['set-cookie']?.map((cookie) => cookie.replace(/;.*/, '; Path=/'));
      expect(cookies).to.deep.equal(appHeaders['set-cookie']);
      expect(headers).to.deep.include({
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
      });
      expect(headers).not.to.have.any.keys('content-length', 'content-encoding');
      if (protocol === 'HTTP/2')
        expect(headers).not.to.have.any.keys('connection', 'keep-alive', 'transfer-encoding', 'upgrade');
    });

    it('should notice the client that leaves, complain of nothing, and let the others stay', async () => {
      const [leaves, stays] = await Promise.all([open(), open()]);
      await until(() => store.observers.length === 2);
      leaves.leave();
      await until(() => store.observers.length === 1);
      store.next('still here');
      await stays.until('still here');
      stays.leave();
      await until(() => !store.observed);
      await turn();
      expect(complaints.args).to.deep.equal([]);
    });

    it('should notice the client that leaves while nothing is ever sent to it', async () => {
      let left = false;
      stream = () =>
        NEVER.pipe(
          finalize(() => {
            left = true;
          }),
        );
      const client = await open();
      client.leave();
      await until(() => left);
    });

    it('should stay open after a body was read and something was awaited, and still notice the leaving', async () => {
      const client = await open({ method: 'POST', body: { topic: 'news:' } });
      expect(client.status).to.equal(200);
      await until(() => store.observed);
      // By the second one the request has said that it is over, as it does when its body was read.
      for (const text of ['hello', 'again']) {
        store.next(text);
        await client.until(`data: news: ${text}\n\n`);
      }
      client.leave();
      await until(() => !store.observed);
    });

    it('should answer HEAD with the headers alone, and subscribe to nothing', async () => {
      const client = await open({ method: 'HEAD' });
      expect(client.headers['content-type']).to.equal('text/event-stream');
      expect(await client.ended).to.equal('whole');
      expect(client.text).to.equal('');
      expect(store.observed).to.equal(false);
    });

    it('should tell the end of the source with the event `end`', async () => {
      const client = await open();
      store.next('last');
      store.complete();
      expect(await client.ended).to.equal('whole');
      expect(client.text).to.equal('data: last\n\nevent: end\ndata:\n\n');
    });

    it('should answer 204 when the source has completed, on which an EventSource stops for good', async () => {
      store.complete();
      const client = await open();
      expect(client.status).to.equal(204);
      expect(await client.ended).to.equal('whole');
    });

    it('should break off without the event `end` when the source fails, and without a word of the framework’s', async () => {
      const source = new Subject<string>();
      stream = () => source;
      const client = await open();
      source.next('last');
      await client.until('last');
      const warned = await warnings(() => source.error(new Error('no more')));
      expect(warned).to.have.length(1);
      expect(await client.ended).to.equal('broken');
      expect(client.text).to.equal('data: last\n\n');
    });

    it('should send much at once, whole', async () => {
      const text = 'x'.repeat(300_000);
      stream = () => of(text, 'then this');
      const client = await open();
      await client.ended;
      expect(client.text === `data: ${text}\n\ndata: then this\n\nevent: end\ndata:\n\n`).to.equal(true);
    });

    it('should close after the signal has ended all streams, with whole events and without the event `end`', async () => {
      const clients = await Promise.all([open(), open()]);
      store.next('last');
      for (const client of clients) await client.until('last');
      closing.abort();
      for (const client of clients) {
        expect(await client.ended).to.equal('whole');
        // An EventSource comes back then, to the server that takes over.
        expect(client.text).to.equal('data: last\n\n');
      }
      expect(store.observed).to.equal(false);
      await host.close();
    });

    it('should end with a `retry` when it is drained, and let close end at once, also when it was called first', async () => {
      // Clients may keep their connections for longer than this may take.
      const patient = (request: unknown): void => {
        (request as { readonly server: Server }).server.keepAliveTimeout = 120_000;
      };
      subscribe('http.server.request.start', patient);
      closeLater(() => unsubscribe('http.server.request.start', patient));
      const clients = await Promise.all([open(), open()]);
      store.next('last');
      for (const client of clients) await client.until('last');
      const closed = host.close();
      expect(await gate.drain({ over: 0 })).to.deep.equal({ ended: 2, cut: 0 });
      await closed;
      for (const client of clients) {
        expect(await client.ended).to.equal('whole');
        expect(client.text).to.match(/^data: last\n\nretry: \d+\n\n$/);
      }
      expect(complaints.args).to.deep.equal([]);
    });
  });
}
