import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { expect } from 'chai';
import { NEVER } from 'rxjs';
import { toResponse } from 'tornadose';
import { appHeaders, type Served, serverContract } from '../contracts/serverContract.ts';
import { host } from '../support/host.ts';
import { StreamClient } from '../support/StreamClient.ts';
import { closeLater, closeServers } from '../support/servers.ts';

type Handler = (request: Request) => Response | Promise<Response>;

/** What the file of a route exports. */
function route({ stream, signal, gate }: Served): Readonly<Record<string, Handler>> {
  const options = { headers: appHeaders, signal, gate };
  const GET: Handler = (request) => toResponse(stream(), request, options);
  const POST: Handler = async (request) => toResponse(stream((await request.json()).topic), request, options);
  return { GET, HEAD: GET, POST };
}

describe('Next.js', () => {
  afterEach(closeServers);

  serverContract('a route handler of Next.js, on Node,', (served) => {
    const handlers = route(served);
    const server = createServer(getRequestListener((request) => (handlers[request.method] as Handler)(request)));
    served.gate.watch(server);
    return host(server);
  });

  it('should answer at once with `retry`, from a server that sends the headers with the first bytes', async () => {
    const GET = (request: Request): Response => toResponse(NEVER, request, { retry: 2000 });
    const { url, close } = await host(
      createServer(async (_req, res) => {
        const left = new AbortController();
        res.once('close', () => left.abort());
        const { headers, body } = GET(new Request('http://spec/', { signal: left.signal }));
        res.setHeaders(headers);
        try {
          for await (const bytes of body as ReadableStream<Uint8Array>) res.write(bytes);
        } catch (error) {
          expect(error).to.have.property('name', 'AbortError');
        }
      }),
    );
    closeLater(close);
    const client = await StreamClient.open('HTTP/1.1', url);
    expect(client.headers['content-type']).to.equal('text/event-stream');
    expect(await client.until('\n\n')).to.equal('retry: 2000\n\n');
  });
});
