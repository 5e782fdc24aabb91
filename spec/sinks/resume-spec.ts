import { once } from 'node:events';
import { expect } from 'chai';
import { EventSource } from 'eventsource';
import type { Browser, Page } from 'playwright-core';
import { lastEventId, QueueStore, toEventSource, toWebSocket } from 'tornadose';
import { WebSocket, WebSocketServer } from 'ws';
import { launchBrowser } from '../support/browser.ts';
import { cuttingProxy } from '../support/cuttingProxy.ts';
import { NumberListener } from '../support/NumberListener.ts';
import { numbers } from '../support/numbers.ts';
import { closeLater, closeServers, connect, readUntil, serve } from '../support/servers.ts';

interface Frame {
  readonly data: unknown;
  readonly event?: string;
  readonly id?: string;
}

/** A client over WebSocket, which puts into the URL what it is given. */
class Client {
  readonly frames: Frame[] = [];
  readonly socket: WebSocket;

  constructor(port: number, query: string) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/${query}`);
    closeLater(() => this.socket.terminate());
    this.socket.on('error', () => {});
    this.socket.on('message', (text) => {
      this.frames.push(JSON.parse(String(text)));
      this.socket.emit('frame');
    });
  }

  get data(): unknown[] {
    return this.frames.filter(({ event }) => event === undefined).map(({ data }) => data);
  }

  /** What it would come back with. */
  get query(): string {
    const id = this.frames.findLast((frame) => frame.id !== undefined)?.id;
    return id === undefined ? '' : `?lastEventId=${id}`;
  }

  async until(done: (frames: readonly Frame[]) => boolean): Promise<void> {
    while (!done(this.frames)) await once(this.socket, 'frame');
  }

  async leave(): Promise<void> {
    this.socket.terminate();
    await once(this.socket, 'close');
  }
}

/** A log of numbers, served over SSE and WebSocket. */
async function serveLog() {
  const log = new QueueStore<number>({ history: { size: 100_000 } });
  const { port, server } = await serve((req, res) => {
    // The page's own connection is not to be the one of its stream.
    if (req.url === '/page') res.setHeader('connection', 'close').setHeader('content-type', 'text/html').end('<p>');
    else void log.since(lastEventId(req)).pipe(toEventSource(res, { retry: 100 }));
  });
  const webSockets = new WebSocketServer({ server });
  closeLater(() => webSockets.close());
  webSockets.on('connection', (ws, req) => void log.since(lastEventId(req)).pipe(toWebSocket(ws)));
  return { log, port, server };
}

/** Publishes 1, 2, 3, … until it is told to stop, and gives the last one. */
function publish(log: QueueStore<number>): () => number {
  let last = 0;
  const timer = setInterval(() => {
    last += 1;
    log.next(last);
  }, 3);
  const stop = (): number => {
    clearInterval(timer);
    return last;
  };
  closeLater(stop);
  return stop;
}

describe('resuming over WebSocket', () => {
  afterEach(closeServers);

  it('should give a client all that it missed, by the position in the URL of its upgrade request', async () => {
    const { log, port } = await serveLog();
    const first = new Client(port, '');
    await first.until((frames) => frames.length > 0);
    for (const n of [1, 2]) log.next(n);
    await first.until(() => first.data.length === 2);
    await first.leave();
    for (const n of [3, 4]) log.next(n);
    const second = new Client(port, first.query);
    await second.until(() => second.data.length === 2);
    log.next(5);
    await second.until(() => second.data.length === 3);
    expect([...first.data, ...second.data]).to.deep.equal(numbers(1, 5));
    expect(second.frames.every(({ id }) => id !== undefined)).to.equal(true);
    expect(new Set([...first.frames, ...second.frames].map(({ id }) => id)).size).to.equal(6);
  });

  it('should give one that is cut before its first value a position to come back with', async () => {
    const { log, port } = await serveLog();
    const first = new Client(port, '');
    await first.until((frames) => frames.length > 0);
    expect(first.frames[0]).to.deep.include({ event: 'position', data: '' });
    await first.leave();
    for (const n of [1, 2]) log.next(n);
    const second = new Client(port, first.query);
    await second.until((frames) => frames.length === 2);
    expect(second.frames.map(({ data }) => data)).to.deep.equal([1, 2]);
  });

  it('should tell one with the id of another log so in the first frame, and go on from there', async () => {
    const { log, port } = await serveLog();
    const other = await serveLog();
    const stranger = new Client(other.port, '');
    await stranger.until((frames) => frames.length > 0);
    log.next(1);
    const client = new Client(port, stranger.query);
    await client.until((frames) => frames.length > 0);
    log.next(2);
    await client.until((frames) => frames.length === 2);
    const [gap, next] = client.frames;
    const from = stranger.frames[0]?.id;
    expect(gap).to.deep.include({ event: 'gap', data: { reason: 'unknown-epoch', from } });
    expect(next?.data).to.equal(2);
    client.frames.splice(1);
    const back = new Client(port, client.query);
    await back.until((frames) => frames.length > 0);
    expect(back.data).to.deep.equal([2]);
  });

  it('should answer a forged position with a notice, and nothing else', async () => {
    const { port } = await serveLog();
    for (const forged of ['%00', '%C3%A9', '$', '9'.repeat(9_000), 'a&lastEventId=b', '(1-0', '~']) {
      const client = new Client(port, `?lastEventId=${forged}`);
      await client.until((frames) => frames.length > 0);
      expect(
        client.frames.map(({ event, data }) => ({ event, data })),
        forged,
      ).to.deep.equal([{ event: 'gap', data: { reason: 'malformed' } }]);
    }
  });

  it('should have no hole and nothing twice when the connection breaks in the middle, wherever it does', async () => {
    const { log, port } = await serveLog();
    // The answer to the upgrade is 129 bytes; each frame is about 40.
    const cuts = [60, 129, 131, 150, 200, 231, 255, 333, 397, 520, 777];
    const tries = cuts.length;
    const proxy = await cuttingProxy(port, /^GET /, cuts);
    const stop = publish(log);
    const data: unknown[] = [];
    let query = '';
    for (let n = 0; n < tries; n += 1) {
      const client = new Client(proxy, query);
      await new Promise((resolve) => client.socket.on('close', resolve));
      data.push(...client.data);
      query = client.query || query;
    }
    const client = new Client(proxy, query);
    await once(client.socket, 'open');
    const last = stop() + 1;
    log.next(last);
    await client.until((frames) => frames.at(-1)?.data === last);
    data.push(...client.data);
    expect(cuts).to.deep.equal([]);
    expect(data.length).to.be.above(20);
    expect(data).to.deep.equal(numbers(data[0] as number, last));
  });
});

describe('resuming over SSE', () => {
  afterEach(closeServers);

  it('should go by the header and not by the URL, which an EventSource keeps as it was', async () => {
    const { log, port, server } = await serveLog();
    const socket = await connect(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const id = /^id: (.*)$/m.exec(await readUntil(socket, 'data: '))?.[1];
    log.next(1);
    const source = new EventSource(`http://127.0.0.1:${port}/?lastEventId=${id}`);
    closeLater(() => source.close());
    const heard = new NumberListener(source);
    log.next(2);
    await heard.until(2);
    server.closeAllConnections();
    log.next(3);
    await heard.until(3);
    // By the URL it would have 1 and 2 again.
    expect(heard.received).to.deep.equal([1, 2, 3]);
  });

  describe('in a browser', () => {
    let browser: Browser;

    before(async () => {
      browser = await launchBrowser();
    });

    after(() => browser?.close());

    it('should have all that came since its position, when it was cut before its first event', async () => {
      const { log, port, server } = await serveLog();
      const page = await open(port);
      await page.waitForFunction("id !== ''");
      server.closeAllConnections();
      for (const n of [1, 2]) log.next(n);
      await page.waitForFunction('received.length === 2');
      log.next(3);
      await page.waitForFunction('received.length === 3');
      expect(await page.evaluate('received')).to.deep.equal([1, 2, 3]);
      expect(await page.evaluate('[made, opened, gaps]')).to.deep.equal([1, 2, 0]);
    });

    it('should have no hole and nothing twice when the connection breaks in the middle, wherever it does', async () => {
      const { log, port } = await serveLog();
      // The headers are about 240 bytes, and an event 40. A browser that was told half of the headers may give up for
      // good, in which case the page makes a new EventSource.
      const cuts = [300, 330, 345, 361, 50, 412, 120, 470, 533, 199, 640, 777, 240, 901];
      const proxy = await cuttingProxy(port, /^GET \/events/, cuts);
      const page = await open(proxy);
      const stop = publish(log);
      // More than fits before the last cut.
      await page.waitForFunction('received.length > 400');
      const last = stop() + 1;
      log.next(last);
      await page.waitForFunction(`received.at(-1) === ${last}`);
      const received = (await page.evaluate('received')) as number[];
      expect(cuts).to.deep.equal([]);
      expect(received).to.deep.equal(numbers(received[0] as number, last));
      expect(await page.evaluate('gaps')).to.equal(0);
    });

    /** A page with an EventSource. */
    async function open(port: number): Promise<Page> {
      const page = await browser.newPage();
      closeLater(() => page.close());
      await page.goto(`http://127.0.0.1:${port}/page`);
      await page.addScriptTag({
        content: `
          var received = [], id = '', made = 0, opened = 0, gaps = 0;
          (function connect() {
            const source = new EventSource('/events' + (id && '?lastEventId=' + id));
            made += 1;
            source.onopen = () => { opened += 1; };
            source.addEventListener('position', (event) => { id = event.lastEventId; });
            source.addEventListener('gap', () => { gaps += 1; });
            source.onmessage = (event) => {
              id = event.lastEventId;
              received.push(Number(event.data));
            };
            source.onerror = () => {
              if (source.readyState === EventSource.CLOSED) setTimeout(connect, 100);
            };
          })();`,
      });
      return page;
    }
  });
});
