import { expect } from 'chai';
import { EMPTY, NEVER, type Observable, throwError } from 'rxjs';
import { type EventSourceOptions, Gate, toEventSource, toResponse } from 'tornadose';
import { closeLater, closeServers, serve } from '../support/servers.ts';

const headers = { 'Access-Control-Allow-Origin': 'https://example.com', 'Content-Type': 'text/event-stream' };

/** What is answered without an event, and how. */
function answers(): [status: number, source: Observable<never>, options: EventSourceOptions<never>][] {
  const full = new Gate({ maxConnections: 1, maxPerKey: 1 });
  const closed = new Gate();
  void closed.drain({ over: 0 });
  const inside = toResponse(NEVER, new Request('http://localhost/'), { gate: full, key: 'ann' });
  closeLater(() => inside.body?.cancel());
  return [
    [204, EMPTY, {}],
    [500, throwError(() => new Error('at once')), {}],
    [503, NEVER, { gate: full }],
    [503, NEVER, { gate: closed }],
  ];
}

describe('headers that the application gives', () => {
  afterEach(closeServers);

  it('should be in answers without events too, so that a page of another origin can see their status', async () => {
    for (const [status, source, options] of answers()) {
      const { url } = await serve((_req, res) => {
        source.pipe(toEventSource(res, { ...options, headers })).subscribe();
      });
      const direct = await fetch(url);
      const web = toResponse(source, new Request(url), { ...options, headers, onEvent: () => {} });
      for (const answer of [direct, web]) {
        expect(answer.status).to.equal(status);
        expect(answer.headers.get('access-control-allow-origin')).to.equal('https://example.com');
        expect(answer.headers.get('content-type') ?? '').not.to.include('event-stream');
      }
    }
  });
});
