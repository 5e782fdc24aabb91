import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, createServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { text } from 'node:stream/consumers';
import { toEventSource } from 'tornadose';
import { certificate } from '../../demos/support/certificate.ts';
import { appHeaders, type Served, serverContract } from '../contracts/serverContract.ts';
import { host } from '../support/host.ts';

type Listener = (req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse) => Promise<void>;

const listener =
  ({ stream, signal, gate }: Served): Listener =>
  async (req, res) => {
    for (const [name, value] of Object.entries(appHeaders)) res.setHeader(name, value);
    const topic = req.method === 'POST' ? JSON.parse(await text(req)).topic : undefined;
    void stream(topic).pipe(toEventSource(res, { signal, gate }));
  };

describe('node:http2', () => {
  const secure = (served: Served) => host(createSecureServer({ ...certificate(), allowHTTP1: true }, listener(served)));

  serverContract('HTTP/2 over TLS', secure, { protocol: 'HTTP/2' });
  serverContract('HTTP/1.1 over TLS, beside HTTP/2,', secure);
  serverContract('HTTP/2 in clear text', (served) => host(createServer(listener(served))), { protocol: 'HTTP/2' });
});
