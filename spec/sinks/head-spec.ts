import { expect } from 'chai';
import { lastValueFrom, NEVER, type Observable } from 'rxjs';
import { type ConnectionEvent, Gate, TornadoseError, toEventSource, toResponse } from 'tornadose';
import { StreamClient } from '../support/StreamClient.ts';
import { closeLater, closeServers, serve, serveHttp2 } from '../support/servers.ts';

type Told = { readonly reason?: string; readonly error?: unknown };

const codeOf = async (connection: Observable<ConnectionEvent> | undefined): Promise<unknown> => {
  const { reason, error } = (await lastValueFrom(connection as Observable<ConnectionEvent>)) as Told;
  return [reason, TornadoseError.is(error) && error.code];
};

/** Gates that let nobody in, by how they say so. */
function shut(): [gate: Gate, status: number, code: string][] {
  const draining = new Gate();
  void draining.drain({ over: 0 });
  const full = new Gate({ maxConnections: 1 });
  const enough = new Gate({ maxPerKey: 1 });
  for (const gate of [full, enough]) {
    const inside = toResponse(NEVER, new Request('http://localhost/'), { gate, key: 'ann' });
    closeLater(() => inside.body?.cancel());
  }
  return [
    [draining, 503, 'ERR_DRAINING'],
    [full, 503, 'ERR_LIMIT'],
    [enough, 429, 'ERR_LIMIT'],
  ];
}

describe('HEAD at a gate that lets nobody in', () => {
  afterEach(closeServers);

  for (const [protocol, start] of [
    ['HTTP/1.1', serve],
    ['HTTP/2', serveHttp2],
  ] as const) {
    it(`should be answered as GET is, without the text, over ${protocol}`, async () => {
      for (const [gate, status, code] of shut()) {
        const connections: Observable<ConnectionEvent>[] = [];
        const { url } = await start((_req, res) => {
          connections.push(NEVER.pipe(toEventSource(res, { gate, key: 'ann' })));
        });
        const [head, get] = [
          await StreamClient.open(protocol, url, { method: 'HEAD' }),
          await StreamClient.open(protocol, url),
        ];
        for (const client of [head, get]) {
          expect(client.status).to.equal(status);
          expect(client.headers['retry-after']).to.match(/^\d+$/);
          expect(client.headers['cache-control']).to.equal('no-store');
          expect(client.headers['content-type']).to.equal('text/plain; charset=utf-8');
          expect(await client.ended).to.equal('whole');
        }
        expect([head.text, get.text.length > 0]).to.deep.equal(['', true]);
        for (const connection of connections) expect(await codeOf(connection)).to.deep.equal(['refused', code]);
      }
    });
  }

  it('should be answered as GET is, without the text, by a web Response', async () => {
    for (const [gate, status, code] of shut()) {
      const events: ConnectionEvent[] = [];
      const request = new Request('http://localhost/', { method: 'HEAD' });
      const answer = toResponse(NEVER, request, { gate, key: 'ann', onEvent: (event) => events.push(event) });
      expect([answer.status, answer.body]).to.deep.equal([status, null]);
      expect(answer.headers.get('retry-after')).to.match(/^\d+$/);
      expect(events).to.have.length(1);
      expect(events[0]).to.have.nested.property('error.code', code);
    }
  });
});
