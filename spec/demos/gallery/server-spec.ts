import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { firstEvents } from '../frames.ts';
import { type Demo, startDemo, stopDemos } from '../startDemo.ts';

describe('demos/gallery/server', () => {
  let gallery: Demo;

  before(async () => {
    gallery = await startDemo('gallery/server');
  });
  after(stopDemos);

  it('should print the command that shows its stream', async () => {
    await gallery.printed(new RegExp(`curl -N http://localhost:${gallery.port}/stream`));
  });

  it('should stream the raw numbers on /stream', async () => {
    const answer = await fetch(`${gallery.url}/stream`);
    expect(answer.headers.get('content-type')).to.equal('text/event-stream');
    const events = await firstEvents(answer, 2);
    for (const { data, event } of events) {
      expect(data).to.match(/^\d(\.\d+)?(e-\d+)?$/);
      expect(event).to.equal(undefined);
    }
  });

  it('should begin the stream of a page with the recent numbers and its state', async () => {
    const events = await firstEvents(await fetch(`${gallery.url}/events`), 5);
    expect(events[0]?.event).to.equal('recent');
    for (const { age, value } of JSON.parse(events[0]?.data ?? '')) {
      expect(age).to.be.at.least(0);
      expect(value).to.be.within(0, 1);
    }
    expect(events.map(({ event }) => event)).to.include.members([undefined, 'fibonacci', 'statistics', 'slow-clients']);
  });

  it('should count its clients', async () => {
    const socket = new WebSocket(`${gallery.url}/chat`);
    await once(socket, 'message');
    const answer = await fetch(`${gallery.url}/events`);
    const events = await firstEvents(answer, 12);
    const statistics = events.filter(({ event }) => event === 'statistics').map(({ data }) => JSON.parse(data));
    expect(statistics.at(-1).clients).to.deep.include({ websocket: 1, 'event-stream': 1 });
    expect(statistics.at(-1).eventsPerSecond).to.be.above(0);
    socket.terminate();
  });

  it('should give each of its guests a name of their own', async () => {
    const sockets = Array.from({ length: 70 }, () => new WebSocket(`${gallery.url}/chat`));
    const names = await Promise.all(
      sockets.map(async (socket) => {
        const [first] = await once(socket, 'message');
        return JSON.parse(String(first)).data.you as string;
      }),
    );
    for (const name of names) expect(name).to.match(/^\w+ \w+$/);
    expect(new Set(names).size).to.equal(70);
    for (const socket of sockets) socket.terminate();
  });

  it('should show the source of each demo on its page', async () => {
    const page = await (await fetch(gallery.url)).text();
    const all = readdirSync(new URL('../../../demos/', import.meta.url)).filter((name) => name.endsWith('.ts'));
    // One runs the others, and one is the other process of another.
    const own = all.map((name) => name.slice(0, -3)).filter((name) => name !== 'run' && name !== 'redis-publisher');
    expect(own).to.include.members(['basic', 'nestjs', 'presence']);
    for (const name of own)
      expect(page).to.include(`npm run demo -- ${name}<`).and.to.include(`aria-label="demos/${name}.ts"`);
  });

  it('should answer strange requests, and live', async () => {
    for (const path of ['/../package.json', '/constructor', '//', '/%', '*'])
      expect(await statusOf(path)).to.equal(404);
    expect(await statusOf('/', 'PUT')).to.equal(404);
    expect(await statusOf('/stream', 'HEAD')).to.equal(200);
    expect(await statusOf('/?from=a-link')).to.equal(200);
  });

  it('should refuse WebSockets where there is none', async () => {
    for (const path of ['/', '/chat/', '/constructor', '//']) {
      const [error] = await once(new WebSocket(`${gallery.url}${path}`), 'error');
      expect(String(error), path).to.include('404');
    }
  });

  it('should take nothing from pages of other sites', async () => {
    const origin = 'http://evil.example';
    for (const path of ['/slow-clients/start', '/slow-clients/stop', '/resume/cut'])
      expect(await statusOf(path, 'POST', { origin })).to.equal(403);
    for (const path of ['/chat', '/resume/socket']) {
      const socket = new WebSocket(`${gallery.url}${path}`, { origin });
      const [error] = await once(socket, 'error');
      expect(String(error)).to.include('403');
    }
  });

  it('should end on SIGINT with open streams', async () => {
    const own = await startDemo('gallery/server');
    await fetch(`${own.url}/slow-clients/start`, { method: 'POST' });
    const [stream, events] = await Promise.all([fetch(`${own.url}/stream`), fetch(`${own.url}/events`)]);
    const socket = new WebSocket(`${own.url}/chat`);
    await once(socket, 'message');
    const closed = once(socket, 'close');
    expect(await own.stop('SIGINT')).to.equal(0);
    await closed;
    for (const answer of [stream, events])
      expect(await answer.text().catch((error: Error) => error.message)).to.equal('terminated');
  });

  /** The status of a request whose path goes out as it is. */
  async function statusOf(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<number> {
    const req = request({ port: gallery.port, host: '127.0.0.1', path, method, headers }).end();
    const [res] = await once(req, 'response');
    res.destroy();
    return res.statusCode;
  }
});
