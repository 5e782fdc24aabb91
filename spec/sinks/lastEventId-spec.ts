import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { EventSource } from 'eventsource';
import fc from 'fast-check';
import { lastEventId, QueueStore, toEventSource } from 'tornadose';
import { NumberListener } from '../support/NumberListener.ts';
import { closeServers, connect, readUntil, serve } from '../support/servers.ts';

const of = (url: string, headers: Record<string, string | string[]> = {}): string | undefined =>
  lastEventId({ url, headers });

describe('lastEventId', () => {
  afterEach(closeServers);

  it('should be undefined only where there is none, or an empty one', () => {
    for (const url of ['/', '/?', '/?lastEventId=', '/?lastEventID=1', '/?other=1'])
      expect(of(url)).to.equal(undefined);
    expect(of('/', { 'last-event-id': '' })).to.equal(undefined);
    expect(lastEventId({ headers: {} })).to.equal(undefined);
  });

  it('should be what is in the header, or else in the URL', () => {
    expect(of('/', { 'last-event-id': 'a-1' })).to.equal('a-1');
    expect(of('/?x=1&lastEventId=a-1#')).to.equal('a-1');
    expect(of('/?lastEventId=old-1', { 'last-event-id': 'new-2' })).to.equal('new-2');
    expect(lastEventId(new Request('http://a/?lastEventId=a-1'))).to.equal('a-1');
    expect(lastEventId(new Request('http://a/', { headers: { 'Last-Event-ID': 'b-2' } }))).to.equal('b-2');
  });

  it('should be one constant for all that cannot be an id, and never throw', () => {
    const wrong = ['é', '(1-0', '+', '$', 'a b', 'x'.repeat(129), 'x'.repeat(15_000), '1, 2'];
    for (const id of wrong) expect(of('/', { 'last-event-id': id })).to.equal(of('/?lastEventId=%00'));
    expect(of('/', { 'last-event-id': ['1', '2'] })).to.equal(of('/?lastEventId=1&lastEventId=2'));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (url, header) => {
        const id = of(`/?lastEventId=${url}`, { 'last-event-id': header });
        expect(id ?? 'a').to.match(/^[A-Za-z0-9._~-]{1,128}$/);
      }),
    );
  });

  it('should be refused by a log as malformed, over the wire too', async () => {
    const store = new QueueStore<number>();
    const { port } = await serve((req, res) => void store.since(lastEventId(req)).pipe(toEventSource(res)));
    for (const header of [
      'Last-Event-ID: \xe9',
      'Last-Event-ID: 1\r\nLast-Event-ID: 2',
      `Last-Event-ID: ${'9'.repeat(8_000)}`,
    ]) {
      const socket = await connect(port, `GET / HTTP/1.1\r\nHost: a\r\n${header}\r\n\r\n`);
      expect(await readUntil(socket, '"}'))
        .to.include('event: gap')
        .and.to.include('{"reason":"malformed"}');
      socket.destroy();
    }
  });

  it('should let a browser’s EventSource go on where it was, over a cut and a restart of the server', async () => {
    const store = new QueueStore<number>();
    let connections = 0;
    const listener: http.RequestListener = (req, res) => {
      connections += 1;
      void store.since(lastEventId(req)).pipe(toEventSource(res, { retry: 100 }));
    };
    const first = http.createServer(listener).listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address() as AddressInfo;
    const source = new EventSource(`http://127.0.0.1:${port}/`);
    const heard = new NumberListener(source);
    await new Promise((resolve) => source.addEventListener('open', resolve, { once: true }));
    store.next(1);
    await heard.until(1);
    first.closeAllConnections();
    first.close();
    for (const n of [2, 3]) store.next(n);
    const second = http.createServer(listener).listen(port, '127.0.0.1');
    await heard.until(3);
    store.next(4);
    await heard.until(4);
    expect(heard.received).to.deep.equal([1, 2, 3, 4]);
    expect(connections).to.equal(2);
    source.close();
    second.closeAllConnections();
    second.close();
  });
});
