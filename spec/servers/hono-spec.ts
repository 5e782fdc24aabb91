import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { expect } from 'chai';
import { type Context, Hono } from 'hono';
import { compress } from 'hono/compress';
import { type Observable, of } from 'rxjs';
import { toEventSource, toResponse } from 'tornadose';
import { certificate } from '../../demos/support/certificate.ts';
import { appHeaders, type Served, serverContract } from '../contracts/serverContract.ts';
import { type Host, host } from '../support/host.ts';
import { closeServers } from '../support/servers.ts';

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
});
