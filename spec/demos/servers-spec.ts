import { expect } from 'chai';
import { EventSource } from 'eventsource';
import { launchBrowser } from '../support/browser.ts';
import { type Protocol, StreamClient } from '../support/StreamClient.ts';
import { closeServers } from '../support/servers.ts';
import { firstEvents } from './frames.ts';
import { type Program, startProgram, stopDemos } from './startDemo.ts';

/** What each names in its page, and further paths of its streams. */
const frameworks: Readonly<Record<string, readonly [name: string, ...paths: string[]]>> = {
  express: ['Express'],
  fastify: ['Fastify'],
  koa: ['Koa'],
  hono: ['Hono', '/node'],
  nestjs: ['NestJS'],
  next: ['Next.js'],
};

/** When to come back, as the last thing that a stream is told. */
const lastWord = /\n\nretry: \d+\n\n$/;

describe('demos/ of servers', () => {
  // NestJS takes its time to load.

  afterEach(async () => {
    await closeServers();
    await stopDemos();
  });

  const urlOf = (program: Program): Promise<string> => program.printed(/https?:\/\/localhost:\d+$/m);

  for (const [demo, [name, ...paths]] of Object.entries(frameworks)) {
    it(`should stream from ${name} to an EventSource, beside its page, and end on a signal without a complaint`, async () => {
      const program = startProgram([`demos/${demo}.ts`]);
      const url = await urlOf(program);
      expect(await (await fetch(url)).text()).to.match(new RegExp(`<h1>.*${name}</h1>`));
      for (const path of paths) await firstEvents(await fetch(`${url}${path}`), 1);

      const source = new EventSource(`${url}/stream`);
      const number = await new Promise((resolve) => {
        source.onmessage = ({ data }) => resolve(Number(data));
      });
      source.close();
      expect(number).to.be.within(0, 1);

      const open = await fetch(`${url}/stream`);
      expect(await program.stop('SIGTERM')).to.equal(0);
      expect(await open.text()).to.match(lastWord);
      const lines = ['/stream', ...paths].map((path) => `  curl -N ${url}${path}\n`);
      expect(program.output).to.equal(`${demo} is on ${url}\n${lines.join('')}`);
    });
  }

  /** One of a protocol that reads a number, and stays. */
  async function reads(protocol: Protocol, url: string): Promise<StreamClient> {
    const client = await StreamClient.open(protocol, `${url}/stream`);
    expect(client.status).to.equal(200);
    expect(await client.until('\n\n')).to.match(/^data: \d/);
    return client;
  }

  it('should stream over HTTP/2 in clear text, and end on a signal', async () => {
    const program = startProgram(['demos/h2c.ts']);
    const url = await urlOf(program);
    await program.printed(/^ {2}curl -N --http2-prior-knowledge http:/m);
    const client = await reads('HTTP/2', url);
    expect(await program.stop('SIGTERM')).to.equal(0);
    expect(await client.ended).to.equal('whole');
    expect(client.text).to.match(lastWord);
  });

  it('should stream over HTTP/2 and HTTP/1.1 with TLS, twelve streams to one page, and end on a signal', async () => {
    const program = startProgram(['demos/http2.ts']);
    const [browser, url] = await Promise.all([launchBrowser(), urlOf(program)]);
    try {
      await program.printed(/^ {2}curl -N -k https:/m);
      const clients = await Promise.all([reads('HTTP/2', url), reads('HTTP/1.1', url)]);
      const page = await browser.newPage({ ignoreHTTPSErrors: true });
      await page.goto(url);
      // Over HTTP/1.1 six of them would stay empty.
      await page.waitForFunction("[...document.querySelectorAll('li')].filter((li) => li.textContent).length === 12");
      expect(await program.stop('SIGTERM')).to.equal(0);
      for (const client of clients) {
        expect(await client.ended).to.equal('whole');
        expect(client.text).to.match(lastWord);
      }
    } finally {
      await browser.close();
    }
  });
});
