import { expect } from 'chai';
import { EMPTY, lastValueFrom, NEVER, type Observable, of, throwError } from 'rxjs';
import { type ConnectionEvent, Gate, toEventSource, toResponse } from 'tornadose';
import { StreamClient } from '../support/StreamClient.ts';
import { closeServers, serve, serveHttp2 } from '../support/servers.ts';

/** What applications that were written for HTTP/1 set, and copies of copies of examples. */
const headers = {
  Connection: 'keep-alive',
  'Keep-Alive': 'timeout=5',
  'Proxy-Connection': 'keep-alive',
  Upgrade: 'h2c',
  TE: 'gzip',
  'HTTP2-Settings': 'AAMAAABk',
  'X-Own': 'yes',
};
const ofConnection = ['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'te', 'http2-settings'];

/** Every kind of answer that there is, by its status. */
function answers(): [status: number, source: Observable<number>, gate: Gate][] {
  const shut = new Gate();
  void shut.drain({ over: 0 });
  return [
    [200, of(1), new Gate()],
    [204, EMPTY, new Gate()],
    [500, throwError(() => new Error('at once')), new Gate()],
    [503, NEVER, shut],
  ];
}

/** What Node warns of meanwhile. */
async function warned(act: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = [];
  const warn = (warning: Error): void => void warnings.push(String(warning));
  process.on('warning', warn);
  await act();
  // Node tells in a turn of its own.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', warn);
  return warnings;
}

describe('headers of the connection', () => {
  afterEach(closeServers);

  it('should be left out over HTTP/2, which forbids them, without a warning', async () => {
    const warnings = await warned(async () => {
      for (const [status, source, gate] of answers()) {
        const direct = await serveHttp2((req, res) => {
          // Middleware has set another one before, or not.
          if (req.url !== '/') res.setHeader('x-before', 'yes');
          source.pipe(toEventSource(res, { gate, headers })).subscribe();
        });
        const web = await serveHttp2(async (_req, res) => {
          // As adapters for Node do it.
          const answer = toResponse(source, new Request('http://localhost/'), { gate, headers, onEvent: () => {} });
          res.writeHead(answer.status, Object.fromEntries(answer.headers));
          res.end(await answer.text());
        });
        for (const url of [direct.url, `${direct.url}before`, web.url]) {
          const client = await StreamClient.open('HTTP/2', url);
          expect(client.status).to.equal(status);
          expect(client.headers).to.include({ 'x-own': 'yes' });
          expect(client.headers).not.to.have.any.keys(...ofConnection);
          expect(await client.ended).to.equal('whole');
        }
      }
    });
    expect(warnings).to.deep.equal([]);
  });

  it('should be sent over HTTP/1.1', async () => {
    const { url } = await serve((_req, res) => {
      void of(1).pipe(toEventSource(res, { headers: { ...headers, Connection: 'close' } }));
    });
    const client = await StreamClient.open('HTTP/1.1', url);
    expect(client.headers).to.include({ connection: 'close', 'keep-alive': 'timeout=5', 'x-own': 'yes' });
  });

  it('should name no trailers, which Node refuses where there is no body', async () => {
    const trailer = { headers: { Trailer: 'x-sum' } };
    for (const [status, source, gate] of answers()) {
      const { url } = await serve((req, res) => {
        if (req.url !== '/') res.setHeader('trailer', 'x-before');
        source.pipe(toEventSource(res, { gate, ...trailer })).subscribe();
      });
      for (const path of ['', 'before']) {
        for (const method of ['GET', 'HEAD']) {
          const client = await StreamClient.open('HTTP/1.1', `${url}${path}`, { method });
          // What HEAD would come to is not tried.
          expect(client.status).to.equal(method === 'HEAD' && status !== 503 ? 200 : status);
          expect(client.headers).not.to.have.any.keys('trailer');
        }
      }
    }
  });

  it('should end HEAD as GET where middleware does not take them, and not the process', async () => {
    const events: ConnectionEvent[] = [];
    const { url } = await serve((_req, res) => {
      res.writeHead = () => {
        throw new Error('not these');
      };
      void lastValueFrom(NEVER.pipe(toEventSource(res, { headers }))).then((event) => events.push(event));
    });
    for (const method of ['GET', 'HEAD']) {
      const error = await fetch(url, { method }).catch((reason) => reason);
      expect(error).to.be.instanceOf(TypeError);
    }
    expect(events.map((event) => event.type === 'close' && [event.reason, String(event.error)])).to.deep.equal([
      ['error', 'Error: not these'],
      ['error', 'Error: not these'],
    ]);
  });

  it('should not say how the body is framed, over either', async () => {
    const framing = { 'Content-Length': 3, 'Transfer-Encoding': 'identity' };
    const text = 'data: 1\n\nevent: end\ndata:\n\n';
    const http1 = await serve((_req, res) => void of(1).pipe(toEventSource(res, { headers: framing })));
    const http2 = await serveHttp2((_req, res) => void of(1).pipe(toEventSource(res, { headers: framing })));
    for (const [protocol, url] of [
      ['HTTP/1.1', http1.url],
      ['HTTP/2', http2.url],
    ] as const) {
      const client = await StreamClient.open(protocol, url);
      expect(await client.ended).to.equal('whole');
      expect(client.text).to.equal(text);
      expect(client.headers).not.to.have.any.keys('content-length');
    }
    const answer = toResponse(of(1), new Request('http://localhost/'), { headers: framing });
    expect(answer.headers.has('content-length')).to.equal(false);
    expect(await answer.text()).to.equal(text);
  });
});
