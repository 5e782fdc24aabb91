import { expect } from 'chai';
import { EventSource } from 'eventsource';
import { WebSocket } from 'ws';
import { launchBrowser } from '../support/browser.ts';
import { RedisServer } from '../support/RedisServer.ts';
import { type Demo, startDemo, stopDemos } from './startDemo.ts';

/** Without a Redis, whatever the machine has. */
const inMemory = { REDIS_URL: '' };

const clients = new Set<Client>();

describe('demos/resume', () => {
  afterEach(async () => {
    for (const client of clients) client.close();
    clients.clear();
    await stopDemos();
  });

  it('should go on without a hole after its connections were cut', async () => {
    const { url } = await startDemo('resume', inMemory);
    const both = [eventSource(url), webSocket(url)];
    await Promise.all(both.map((client) => client.more(2)));
    const cut = (client: string, headers = {}) => fetch(`${url}/cut?client=${client}`, { method: 'POST', headers });
    // Neither of these is of the page that may do so.
    await cut('eventSource', { origin: 'http://evil.example' });
    await cut('somebody');
    await Promise.all(both.map((client) => client.more(1)));
    expect(both.map(({ connections }) => connections)).to.deep.equal([1, 1]);
    for (const name of ['eventSource', 'webSocket']) expect((await cut(name)).status).to.equal(204);
    await Promise.all(both.map((client) => client.connected(2)));
    await Promise.all(both.map((client) => client.more(3)));
    for (const client of both) client.expectAll();
  });

  describe('with Redis', () => {
    let redis: RedisServer;

    beforeEach(async () => {
      redis = await RedisServer.start();
    });

    afterEach(async () => {
      await stopDemos();
      await redis.stop();
    });

    it('should go on counting, without a hole, when the server is killed and started again', async () => {
      const env = { REDIS_URL: redis.url };
      const demo = await startDemo('resume', env);
      const both = [eventSource(demo.url), webSocket(demo.url)];
      await Promise.all(both.map((client) => client.more(3)));
      await restarted(demo, env);
      await Promise.all(both.map((client) => client.connected(2)));
      await Promise.all(both.map((client) => client.more(3)));
      for (const client of both) client.expectAll();
    });

    it('should say so when Redis was replaced by an empty one', async () => {
      const { url } = await startDemo('resume', { REDIS_URL: redis.url });
      const client = eventSource(url);
      await client.more(3);
      await redis.stop();
      await redis.restart();
      await client.gap();
      await client.more(2);
      expect(client.gaps).to.deep.equal(['unknown-epoch']);
    });
  });

  it('should show on its page that nothing is missing after a cut, and what is not known after a restart', async () => {
    const [browser, demo] = await Promise.all([launchBrowser(), startDemo('resume', inMemory)]);
    try {
      const page = await browser.newPage();
      // As on a busy machine: some time passes between the return and what comes on it.
      await page.addInitScript(`for (const client of [EventSource, WebSocket]) {
        globalThis[client.name] = class extends client {
          constructor(url) {
            super(url);
            let isNew = true;
            this.addEventListener('open', () => { isNew = true; });
            this.addEventListener('message', () => {
              for (const until = performance.now() + 150; isNew && performance.now() < until; );
              isNew = false;
            });
          }
        };
      }`);
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(demo.url);
      const panels = ['EventSource', 'WebSocket'].map((over) => page.locator(`[data-over="${over}"]`));
      for (const panel of panels) await panel.locator('.strip li').nth(1).waitFor();
      for (const panel of panels) await panel.getByRole('button', { name: 'Cut the connection' }).click();
      for (const panel of panels) {
        await panel.locator('.strip .back').waitFor();
        expect(await panel.locator('.back').textContent()).to.match(/^Back after [\d.]+ s, for what came after \d+$/);
        await panel.locator('.strip .late').first().waitFor();
        const [came, ...others] = await panel.locator('dd').allTextContents();
        expect(Number(came)).to.be.above(2);
        expect(others, 'missing, twice, gaps, away').to.deep.equal(['0', '0', '0', '1']);
        expect(await panel.locator('.stands').textContent()).to.match(/Id[:=] ?[\w.~-]+$/i);
      }
      await restarted(demo, inMemory);
      await page.waitForFunction("document.querySelectorAll('.strip .lost').length === 2");
      for (const text of await page.locator('.strip .lost').allTextContents())
        expect(text).to.include('Gap (unknown-epoch)');
      for (const panel of panels) expect(await panel.locator('dd').nth(3).textContent()).to.equal('1');
      expect(complaints).to.deep.equal([]);
    } finally {
      await browser.close();
    }
  });
});

/** Kills the server, and starts it again where it was. */
async function restarted({ port, stop }: Demo, env: NodeJS.ProcessEnv): Promise<void> {
  await stop('SIGKILL');
  await startDemo('resume', { ...env, PORT: `${port}` });
}

/** What a client of the counter has seen, over all of its connections. */
class Client {
  readonly numbers: number[] = [];
  readonly gaps: string[] = [];
  connections = 0;
  close = (): void => {};
  readonly #news = new EventTarget();

  constructor() {
    clients.add(this);
  }

  opened(): void {
    this.connections += 1;
    this.#news.dispatchEvent(new Event('news'));
  }

  took(event: string | undefined, data: unknown): void {
    if (event === undefined) this.numbers.push(data as number);
    if (event === 'gap') this.gaps.push((data as { reason: string }).reason);
    this.#news.dispatchEvent(new Event('news'));
  }

  /** Waits for so many numbers from now on. */
  more(count: number): Promise<void> {
    const wanted = this.numbers.length + count;
    return this.#until(() => this.numbers.length >= wanted);
  }

  connected(times: number): Promise<void> {
    return this.#until(() => this.connections >= times);
  }

  gap(): Promise<void> {
    return this.#until(() => this.gaps.length > 0);
  }

  /** Nothing is missing, nothing came twice, and nobody said otherwise. */
  expectAll(): void {
    const [first = 0] = this.numbers;
    expect(this.numbers).to.deep.equal(this.numbers.map((_, index) => first + index));
    expect(this.gaps).to.deep.equal([]);
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise((resolve) => this.#news.addEventListener('news', resolve, { once: true }));
  }
}

/** As a browser's does, it comes back by itself. */
function eventSource(url: string): Client {
  const client = new Client();
  const source = new EventSource(`${url}/stream?client=eventSource`);
  source.onopen = () => client.opened();
  source.onmessage = ({ data }) => client.took(undefined, JSON.parse(data));
  source.addEventListener('gap', ({ data }) => client.took('gap', JSON.parse(data)));
  client.close = () => source.close();
  return client;
}

/** One that comes back with the id in the URL. */
function webSocket(url: string): Client {
  const client = new Client();
  let id = '';
  const connect = (): void => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket?client=webSocket&lastEventId=${id}`);
    let back: NodeJS.Timeout | undefined;
    client.close = () => {
      clearTimeout(back);
      socket.removeAllListeners('close').terminate();
    };
    socket.on('open', () => client.opened());
    socket.on('error', () => {});
    socket.on('close', () => {
      back = setTimeout(connect, 100);
    });
    socket.on('message', (text) => {
      const frame = JSON.parse(String(text));
      id = frame.id;
      client.took(frame.event, frame.data);
    });
  };
  connect();
  return client;
}
