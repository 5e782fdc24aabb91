import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { type FastifyInstance, fastify } from 'fastify';
import { DataStore, Gate, toEventSource } from 'tornadose';
import { certificate } from '../../demos/support/certificate.ts';
import { closeContract } from '../contracts/closeContract.ts';
import { appHeaders, type Served, serverContract } from '../contracts/serverContract.ts';
import type { Host } from '../support/host.ts';
import { StreamClient } from '../support/StreamClient.ts';
import { closeLater, closeServers } from '../support/servers.ts';

async function hostOf(app: FastifyInstance): Promise<Host> {
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
}

async function start({ stream, signal, gate }: Served, app: FastifyInstance): Promise<Host> {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ ...appHeaders, 'set-cookie': [...appHeaders['set-cookie']] });
  });
  app.get('/stream', (_request, reply) => {
    reply.hijack();
    void stream().pipe(toEventSource(reply.raw, { headers: reply.getHeaders(), signal, gate }));
  });
  app.post<{ Body: { topic: string } }>('/stream', async (request, reply) => {
    reply.hijack();
    await turn();
    void stream(request.body.topic).pipe(toEventSource(reply.raw, { headers: reply.getHeaders(), signal, gate }));
  });
  return hostOf(app);
}

describe('Fastify', () => {
  afterEach(closeServers);

  serverContract('Fastify 5', (served) => start(served, fastify()));
  serverContract(
    'Fastify 5 over HTTP/2',
    (served) => {
      // Where a signal has ended the streams, Node 20 waits in `close` for their sessions. A drain closes these.
      const options = {
        http2: true,
        https: { ...certificate(), allowHTTP1: true },
        forceCloseConnections: true,
      } as const;
      return start(served, fastify(options) as unknown as FastifyInstance);
    },
    { protocol: 'HTTP/2' },
  );

  it('should close over HTTP/2 with a drain alone, whichever comes first', async () => {
    for (const drainsFirst of [true, false]) {
      const gate = new Gate();
      const app = fastify({ http2: true, https: certificate() });
      app.get('/stream', (_request, reply) => {
        reply.hijack();
        void new DataStore('first').pipe(toEventSource(reply.raw, { gate }));
      });
      const { url, close } = await hostOf(app as unknown as FastifyInstance);
      const client = await StreamClient.open('HTTP/2', `${url}/stream`);
      await client.until('first');
      const closing = drainsFirst ? undefined : close();
      expect(await gate.drain({ over: 0 })).to.deep.equal({ ended: 1, cut: 0 });
      expect(await client.ended).to.equal('whole');
      await (closing ?? close());
    }
  });

  /** A handler that pipes when it has returned already. */
  async function streamLater(hijack: boolean): Promise<StreamClient> {
    const app = fastify();
    const store = new DataStore('first');
    app.get('/stream', async (_request, reply) => {
      if (hijack) reply.hijack();
      setImmediate(() => void store.pipe(toEventSource(reply.raw)));
    });
    const { url, close } = await hostOf(app);
    closeLater(close);
    return StreamClient.open('HTTP/1.1', `${url}/stream`);
  }

  it('should need `hijack`: without it, Fastify answers by itself when an async handler is through', async () => {
    const without = await streamLater(false);
    await without.ended;
    expect(without.text).to.equal('');
    expect(await (await streamLater(true)).until('first')).to.equal('data: first\n\n');
  });

  it('should have the headers of the reply handed on, as only `send` would send them', async () => {
    const app = fastify();
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('x-of-reply', 'yes');
      reply.raw.setHeader('x-of-raw', 'yes');
    });
    app.get('/stream', (_request, reply) => {
      reply.hijack();
      void new DataStore(1).pipe(toEventSource(reply.raw));
    });
    const { url, close } = await hostOf(app);
    closeLater(close);
    const { headers } = await StreamClient.open('HTTP/1.1', `${url}/stream`);
    expect(headers).to.include({ 'x-of-raw': 'yes' });
    expect(headers).not.to.have.any.keys('x-of-reply');
  });

  closeContract('Fastify 5', {
    start(stream, { breaksOff }) {
      const app = fastify({ forceCloseConnections: breaksOff });
      app.get('/stream', (_request, reply) => {
        reply.hijack();
        void stream.pipe(toEventSource(reply.raw));
      });
      return hostOf(app);
    },
    startWithHook(stream) {
      const closing = new AbortController();
      const app = fastify();
      app.addHook('preClose', async () => {
        closing.abort();
        await turn();
      });
      app.get('/stream', (_request, reply) => {
        reply.hijack();
        void stream.pipe(toEventSource(reply.raw, { signal: closing.signal }));
      });
      return hostOf(app);
    },
  });
});
