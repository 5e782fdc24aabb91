import { once } from 'node:events';
import { createServer } from 'node:http';
import { type ClientHttp2Session, connect, createSecureServer } from 'node:http2';
import { getRequestListener, type Http2Bindings, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { expect } from 'chai';
import { type Context, Hono } from 'hono';
import { compress } from 'hono/compress';
import { NEVER, type Observable, of } from 'rxjs';
import { Gate, toEventSource, toResponse } from 'tornadose';
import { certificate } from '../../demos/support/certificate.ts';
import { appHeaders, type Served, serverContract } from '../contracts/serverContract.ts';
import { type Host, host } from '../support/host.ts';
import { closeLater, closeOf, closeServers } from '../support/servers.ts';

type App = Hono<{ Bindings: HttpBindings }>;
type Answer = (c: Context<{ Bindings: HttpBindings }>, source: Observable<string>) => Response;

function appOf(stream: Served['stream'], answer: Answer, app: App = new Hono()): App {
  app.get('/stream', (c) => answer(c, stream()));
  app.post('/stream', async (c) => answer(c, stream((await c.req.json()).topic)));
  return app;
}

/** Sets headers as middleware does. */
function withHeaders(): App {
  const app: App = new Hono();
  app.use(async (c, next) => {
    c.res.headers.set('access-control-allow-origin', appHeaders['access-control-allow-origin']);
    for (const cookie of appHeaders['set-cookie']) c.res.headers.append('set-cookie', cookie);
    await next();
  });
  return app;
}

const listener = (app: App): ReturnType<typeof getRequestListener> => getRequestListener(app.fetch);

function serve(app: App, { gate }: Served): Promise<Host> {
  const server = createServer(listener(app));
  gate.watch(server);
  return host(server);
}

describe('Hono', () => {
  afterEach(closeServers);

  const web = ({ stream, signal, gate }: Served, app = withHeaders()): App =>
    appOf(stream, (c, source) => toResponse(source, c.req.raw, { signal, gate }), app);
  const node = ({ stream, signal, gate }: Served): App =>
    appOf(stream, (c, source) => {
      const { outgoing } = c.env;
      outgoing.setHeader('access-control-allow-origin', appHeaders['access-control-allow-origin']);
      outgoing.setHeader('set-cookie', [...appHeaders['set-cookie']]);
      void source.pipe(toEventSource(outgoing, { signal, gate }));
      return RESPONSE_ALREADY_SENT;
    });
  const secure = (app: App) => host(createSecureServer({ ...certificate(), allowHTTP1: true }, listener(app)));

  serverContract('Hono on Node, with a Response,', (served) => serve(web(served), served));
  serverContract('Hono on Node, with a Response and the middleware `compress`,', (served) =>
    serve(web(served, withHeaders().use(compress()) as App), served),
  );
  serverContract('Hono on Node, with a Response over HTTP/2,', (served) => secure(web(served)), { protocol: 'HTTP/2' });
  serverContract('Hono on Node, with the `res` below,', (served) => host(createServer(listener(node(served)))));
  serverContract('Hono on Node, with the `res` below over HTTP/2,', (served) => secure(node(served)), {
    protocol: 'HTTP/2',
  });

  it('should be given headers as an option where a handler sets them, as `c.header` is for its own answers', async () => {
    const app = new Hono();
    app.get('/lost', (c) => {
      c.header('x-own', 'yes');
      return toResponse(of(1), c.req.raw);
    });
    app.get('/kept', (c) => toResponse(of(1), c.req.raw, { headers: { 'x-own': 'yes' } }));
    expect((await app.request('/lost')).headers.get('x-own')).to.equal(null);
    expect((await app.request('/kept')).headers.get('x-own')).to.equal('yes');
  });

  it('should have the streams of an HTTP/2 session counted where they are told of it, and closed by a drain', async () => {
    const gate = new Gate({ maxPerSession: 2 });
    const app = new Hono<{ Bindings: Http2Bindings }>();
    app.get('/stream', (c) => toResponse(NEVER, c.req.raw, { gate, session: c.env.incoming.stream?.session }));
    const { url, close } = await host(
      createSecureServer({ ...certificate(), allowHTTP1: true }, getRequestListener(app.fetch)),
    );
    const sessions = [1, 2].map(() => connect(url, { rejectUnauthorized: false }));
    closeLater(() => {
      for (const session of sessions) session.destroy();
    });
    const ask = async (session: ClientHttp2Session | undefined, method = 'GET'): Promise<unknown[]> => {
      const stream = (session as ClientHttp2Session).request({ ':path': '/stream', ':method': method });
      const [headers] = await once(stream.resume(), 'response');
      return [headers[':status'], headers['retry-after'] !== undefined];
    };
    const [first, second] = sessions;
    const [fine, refused] = [
      [200, false],
      [429, true],
    ];
    expect([await ask(first), await ask(first, 'HEAD'), await ask(first)]).to.deep.equal([fine, fine, fine]);
    expect([await ask(first), await ask(first, 'HEAD'), await ask(second)]).to.deep.equal([refused, refused, fine]);
    expect(gate.size).to.equal(3);
    const gone = sessions.map(closeOf);
    expect(await gate.drain({ over: 0 })).to.deep.equal({ ended: 3, cut: 0 });
    await Promise.all(gone);
    await close();
  });
});
