import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { of, take } from 'rxjs';
import sinon from 'sinon';
import { type EventSourceOptions, QueueStore, toEventSource, toWebSocket } from 'tornadose';
import { WebSocket, WebSocketServer } from 'ws';
import { type OpenStream, openOverHttp1, openOverHttp2, readStream } from '../support/openStream.ts';
import { pathOf } from '../support/programs.ts';
import { type ProxyKind, ReverseProxy } from '../support/ReverseProxy.ts';
import { recipe } from '../support/recipes.ts';
import { closeLater, closeServers, serve } from '../support/servers.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What asks proxies to buffer and compress, as an answer of another kind would. */
const ordinary: EventSourceOptions<string> = {
  headers: { 'Cache-Control': 'no-cache', 'X-Accel-Buffering': 'yes' },
};

for (const kind of ['nginx', 'haproxy'] as const satisfies ProxyKind[]) {
  describe(`behind ${kind}, by the recipe of docs/proxies.md`, () => {
    const store = new QueueStore<string>();
    const ordinaryStore = new QueueStore<string>();
    const requests: IncomingMessage[] = [];
    let proxy: ReverseProxy;

    before(async () => {
      const webSockets = new WebSocketServer({ noServer: true });
      const { server, port } = await serve((req, res) => {
        requests.push(req);
        if (req.url === '/short') void of('a', 'b').pipe(toEventSource(res));
        else if (req.url === '/plain') res.end('plain');
        else if (req.url === '/ordinary') void ordinaryStore.pipe(toEventSource(res, ordinary));
        else void store.pipe(toEventSource(res));
      });
      server.on('upgrade', (req, socket, head) =>
        webSockets.handleUpgrade(req, socket, head, (ws) => {
          ws.on('message', (text) => store.next(`you said ${text}`));
          void store.pipe(toWebSocket(ws));
        }),
      );
      proxy = await ReverseProxy.start(kind, port);
      closeLater(() => proxy.stop());
    });
    after(closeServers);

    const ways: Readonly<Record<string, (path?: string) => Promise<OpenStream>>> = {
      'HTTP/1.1': (path = '/') => openOverHttp1({ port: proxy.port, path }),
      'HTTP/2': (path = '/') => openOverHttp2({ port: proxy.securePort, path }),
    };

    for (const [name, open] of Object.entries(ways)) {
      it(`should pass on each event while the stream is open, over ${name}`, async () => {
        const answer = await open();
        expect(answer.status).to.equal(200);
        expect(answer.headers['content-type']).to.equal('text/event-stream');
        for (const value of ['first', 'second']) {
          store.next(value);
          expect(await readStream(answer, '\n\n')).to.equal(`data: ${value}\n\n`);
        }
        answer.leave();
      });

      it(`should let the server know that the client has left, over ${name}`, async () => {
        const answer = await open();
        expect(store.observed).to.equal(true);
        answer.leave();
        // haproxy notices it when it has something for the client.
        for (; store.observed; await turn()) store.next('anybody there?');
      });
    }

    it('should hold an event back without the headers of an event stream, or the rest would show nothing', async () => {
      let text = '';
      const reading = openOverHttp1({ port: proxy.port, path: '/ordinary' }).then(async ({ body }) => {
        for await (const part of body) text += part;
      });
      while (!ordinaryStore.observed) await turn();
      ordinaryStore.next('held');
      // An answer to a later request has overtaken it.
      const { body } = await openOverHttp1({ port: proxy.port, path: '/plain' });
      expect((await body.toArray()).join('')).to.equal('plain');
      expect(text).not.to.include('data: held\n\n');
      ordinaryStore.complete();
      await reading;
      expect(text).to.include('data: held\n\n');
    });

    it('should pass on the end of a stream as its end', async () => {
      for (const open of Object.values(ways)) {
        const { body } = await open('/short');
        expect((await body.toArray()).join('')).to.equal('data: a\n\ndata: b\n\nevent: end\ndata:\n\n');
      }
    });

    it('should pass on a WebSocket, in both directions', async () => {
      const ws = new WebSocket(`ws://127.0.0.1:${proxy.port}/`);
      await once(ws, 'open');
      ws.send('hello');
      const [message] = await once(ws, 'message');
      expect(JSON.parse(String(message))).to.deep.equal({ data: 'you said hello' });
      ws.close();
      await once(ws, 'close');
      while (store.observed) await turn();
    });

    it('should tell the address of the client, and not what the client says of it', async () => {
      const forged = { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'gopher' };
      const told = { 'x-forwarded-for': '127.0.0.1', host: 'example.com' };
      const over1 = { path: '/short', headers: { ...forged, Host: 'example.com' } };
      await (await openOverHttp1({ port: proxy.port, ...over1 })).body.toArray();
      expect(requests.at(-1)?.headers).to.include({ ...told, 'x-forwarded-proto': 'http' });
      const over2 = { path: '/short', headers: { ...forged, ':authority': 'example.com' } };
      const { body, leave } = await openOverHttp2({ port: proxy.securePort, ...over2 });
      await body.toArray();
      expect(requests.at(-1)?.headers).to.include({ ...told, 'x-forwarded-proto': 'https' });
      leave();
    });

    it('should be read by nghttp over HTTP/2, without a header of a connection', async () => {
      const { stdout } = await promisify(execFile)(pathOf('nghttp'), [
        '-v',
        '--no-verify-peer',
        `https://127.0.0.1:${proxy.securePort}/short`,
      ]);
      // It prints the frames between what is in them.
      const body = stdout.replace(/^(\[|The negotiated).*\n( {10}.*\n)*/gm, '');
      expect(body).to.equal('data: a\n\ndata: b\n\nevent: end\ndata:\n\n');
      expect(stdout).to.include(') content-type: text/event-stream');
      expect(stdout).not.to.match(/\) (connection|keep-alive|transfer-encoding|upgrade): /i);
    });
  });
}

describe('the recipes of docs/proxies.md', () => {
  afterEach(closeServers);

  it('should stream through nginx without `proxy_http_version` too, which only a WebSocket needs', async () => {
    const store = new QueueStore<string>();
    const versions: string[] = [];
    const { port } = await serve((req, res) => {
      versions.push(req.httpVersion);
      void store.pipe(take(2), toEventSource(res));
    });
    const proxy = await ReverseProxy.start('nginx', port, (text) => text.replace(/proxy_http_version.*\n/, ''));
    closeLater(() => proxy.stop());
    const answer = await openOverHttp1({ port: proxy.port });
    expect(versions).to.deep.equal(['1.0']);
    for (const value of ['first', 'second']) {
      store.next(value);
      expect(await readStream(answer, '\n\n')).to.match(new RegExp(`^data: ${value}\n\n`));
    }
    await answer.closed;
  });

  for (const kind of ['nginx', 'haproxy'] as const) {
    it(`should have ${kind} ask the next server where one is being replaced`, async () => {
      const refused = sinon.spy();
      const leaving = await serve((_req, res) => {
        refused();
        res.writeHead(503, { 'Retry-After': '1' }).end();
      });
      const staying = await serve((_req, res) => void of('here').pipe(toEventSource(res)));
      const proxy = await ReverseProxy.start(kind, leaving.port, (text) =>
        withServers(kind, text, leaving.port, staying.port),
      );
      closeLater(() => proxy.stop());
      // They take turns.
      for (let n = 0; n < 4 || !refused.called; n += 1) {
        const answer = await openOverHttp1({ port: proxy.port });
        expect(answer.status).to.equal(200);
        expect(await readStream(answer, 'event: end')).to.include('data: here');
      }
    });
  }
});

/** The recipe for one server, with the lines for several. */
function withServers(kind: ProxyKind, text: string, leaving: number, staying: number): string {
  const own = { '127.0.0.1:9000': `127.0.0.1:${leaving}`, '127.0.0.1:9001': `127.0.0.1:${staying}` };
  if (kind === 'haproxy') return text.replace(/^backend tornadose\n[\s\S]*/m, recipe('servers.cfg', own));
  const [pass, next] = ['proxy_pass http://tornadose;', 'proxy_next_upstream error timeout http_503;'];
  return recipe('conf.d/servers.conf', own) + text.replace(/proxy_pass [^;]*;/, `${pass} ${next}`);
}
