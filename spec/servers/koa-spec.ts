import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import Koa from 'koa';
import { DataStore, toEventSource } from 'tornadose';
import { certificate } from '../../demos/support/certificate.ts';
import { appHeaders, type Served, serverContract } from '../contracts/serverContract.ts';
import { host } from '../support/host.ts';
import { StreamClient } from '../support/StreamClient.ts';
import { closeLater, closeServers } from '../support/servers.ts';

function appOf({ stream, signal, gate }: Served): Koa {
  const app = new Koa();
  app.use(async (ctx) => {
    ctx.set('access-control-allow-origin', appHeaders['access-control-allow-origin']);
    ctx.cookies.set('a', '1', { httpOnly: false });
    ctx.cookies.set('b', '2', { httpOnly: false });
    let topic: string | undefined;
    if (ctx.method === 'POST') {
      topic = JSON.parse(await text(ctx.req)).topic;
      await turn();
    }
    ctx.respond = false;
    void stream(topic).pipe(toEventSource(ctx.res, { signal, gate }));
  });
  return app;
}

describe('Koa', () => {
  afterEach(closeServers);

  serverContract('Koa 3', (served) => host(createServer(appOf(served).callback())));
  serverContract(
    'Koa 3 over HTTP/2',
    (served) => host(createSecureServer({ ...certificate(), allowHTTP1: true }, appOf(served).callback())),
    { protocol: 'HTTP/2' },
  );

  it('should need `respond = false`: without it, Koa ends the stream with a text of its own', async () => {
    const app = new Koa();
    app.use((ctx) => {
      void new DataStore('first').pipe(toEventSource(ctx.res));
    });
    const { url, close } = await host(createServer(app.callback()));
    closeLater(close);
    const client = await StreamClient.open('HTTP/1.1', url);
    expect(await client.ended).to.equal('whole');
    expect(client.text).to.equal('OK');
  });
});
