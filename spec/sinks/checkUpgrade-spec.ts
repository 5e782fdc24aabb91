import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { NEVER } from 'rxjs';
import { checkUpgrade, Gate, TornadoseError, toSink, toWebSocket, type UpgradeOptions } from 'tornadose';
import { WebSocket, WebSocketServer } from 'ws';
import { FakeTransport } from '../support/FakeTransport.ts';
import { closeLater, closeServers, serve } from '../support/servers.ts';

const statusOf = (headers: Record<string, string>, options: UpgradeOptions = {}): number | undefined =>
  checkUpgrade({ headers }, { gate: new Gate(), ...options })?.status;

describe('checkUpgrade', () => {
  afterEach(closeServers);

  it('should let in pages of the origins that are listed, and no others', () => {
    const origins = ['https://example.com', 'http://localhost:9000'];
    for (const [origin, status] of [
      ['https://example.com', undefined],
      ['HTTPS://Example.COM', undefined],
      ['http://localhost:9000', undefined],
      ['http://example.com', 403],
      ['https://example.com:444', 403],
      ['https://example.com.evil.org', 403],
      ['https://evil.org/https://example.com', 403],
      ['https://example.com, https://evil.org', 403],
      ['null', 403],
      ['', 403],
      ['\u0000', 403],
    ] as const)
      expect(statusOf({ origin, host: 'example.com' }, { origins }), origin).to.equal(status);
  });

  it('should let in pages of the host that was asked when no origins are listed', () => {
    for (const [origin, host, status] of [
      ['https://example.com', 'example.com', undefined],
      ['http://localhost:9000', 'LOCALHOST:9000', undefined],
      ['http://localhost:9001', 'localhost:9000', 403],
      ['https://evil.org', 'example.com', 403],
      ['null', 'null', 403],
      ['https://example.com@evil.org', 'example.com', 403],
    ] as const)
      expect(statusOf({ origin, host }), origin).to.equal(status);
    expect(statusOf({ origin: 'https://example.com' }), 'without a host').to.equal(403);
  });

  it('should let in what comes without an origin, which is no browser', () => {
    expect(statusOf({ host: 'example.com' })).to.equal(undefined);
    expect(statusOf({}, { origins: [] })).to.equal(undefined);
  });

  it('should never let in, nor throw, whatever a page says that is not listed', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (origin, host) => {
        const same = URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
        expect(statusOf({ origin, host }, { origins: ['https://example.com'] })).to.equal(403);
        expect(statusOf({ origin, host })).to.equal(same ? undefined : 403);
      }),
    );
  });

  it('should say why, with what was asked for as a log can take it', () => {
    for (const [origin, told] of [
      ['x'.repeat(5000), 'x'.repeat(200)],
      ['\u001b[31m\n\u009b31m é', '\\u001b[31m\\u000a\\u009b31m \\u00e9'],
    ] as const) {
      const { error } = checkUpgrade({ headers: { origin, host: 'a' } }) ?? {};
      expect(TornadoseError.is(error, 'ERR_ORIGIN') && error.origin).to.equal(told);
      expect(error?.message).to.not.include(origin);
    }
  });

  it('should refuse with the status of the gate when there is no room', () => {
    const gate = new Gate({ maxPerKey: 1 });
    NEVER.pipe(toSink(new FakeTransport(), { name: 'none', encode: String }, { gate, key: 'ann', heartbeat: false }));
    expect(checkUpgrade({ headers: {} }, { gate, key: 'ann' })).to.include({ status: 429 });
    expect(checkUpgrade({ headers: {} }, { gate, key: 'bob' })).to.equal(undefined);
    expect(checkUpgrade({ headers: {} }, { gate, key: 'ann' })?.retryAfter).to.be.within(5, 10);
  });

  it('should refuse origins that could never match', () => {
    for (const origin of ['example.com', 'https://example.com/', 'https://Example.com', '*', '', 7, null])
      expect(() => checkUpgrade({ headers: {} }, { origins: [origin as string] }), String(origin)).to.throw(
        TornadoseError,
        'without a slash at the end',
      );
    expect(() => checkUpgrade({ headers: {} }, { origins: 'https://example.com' as never })).to.throw(TornadoseError);
  });

  it('should be asked in full: what is wrong is not taken for nothing', () => {
    for (const [req, options, word] of [
      [{ headers: {} }, { key: '' }, 'key'],
      [{ headers: {} }, { key: 5 }, 'key'],
      [{ headers: {} }, { gate: {} }, 'gate'],
      [{ headers: {} }, { origin: 'https://example.com' }, 'an option of `checkUpgrade`'],
      [{}, {}, 'an upgrade request'],
      [undefined, {}, 'an upgrade request'],
    ] as const)
      expect(() => checkUpgrade(req as never, options as never)).to.throw(TornadoseError, word);
  });

  it('should answer a page of another site with 403 on a real connection, and open a WebSocket for one of its own', async () => {
    const { server, port } = await serve((_req, res) => res.end());
    const webSockets = new WebSocketServer({ noServer: true });
    closeLater(() => webSockets.close());
    const gate = new Gate();
    server.on('upgrade', (req, socket, head) => {
      const refusal = checkUpgrade(req, { origins: ['https://example.com'], gate });
      if (refusal !== undefined) refusal.send(socket);
      else webSockets.handleUpgrade(req, socket, head, (ws) => void NEVER.pipe(toWebSocket(ws, { gate })));
    });
    const evil = new WebSocket(`ws://127.0.0.1:${port}`, { origin: 'https://evil.org' });
    const [, res] = await new Promise<[unknown, { statusCode?: number | undefined }]>((resolve) =>
      evil.on('unexpected-response', (...args) => resolve(args)).on('error', () => {}),
    );
    expect(res.statusCode).to.equal(403);
    evil.terminate();
    const own = new WebSocket(`ws://127.0.0.1:${port}`, { origin: 'https://example.com' });
    closeLater(() => own.terminate());
    await once(own, 'open');
    expect(gate.size).to.equal(1);
  });

  it('should keep no connection of a client that it refuses and that does not close its side', async () => {
    const { server, port } = await serve((_req, res) => res.end());
    const closed = new Promise<void>((resolve) =>
      server.on('upgrade', (req, socket) => {
        socket.once('close', () => resolve());
        closeLater(() => socket.destroy());
        checkUpgrade(req, { origins: [] })?.send(socket);
      }),
    );
    const client = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.on('error', () => {});
    closeLater(() => client.destroy());
    client.write(
      'GET / HTTP/1.1\r\nhost: a\r\norigin: https://evil.org\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    );
    const [answer] = await once(client, 'data');
    expect(String(answer)).to.match(/^HTTP\/1.1 403 /);
    await closed;
  });

  it('should live on when the client that it refuses has gone already', async () => {
    const { server, port } = await serve((_req, res) => res.end());
    const sent = new Promise<void>((resolve) =>
      server.on('upgrade', (req, socket) => {
        socket.destroy(new Error('gone'));
        checkUpgrade(req, { origins: [] })?.send(socket);
        socket.once('close', () => resolve());
      }),
    );
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => {});
    closeLater(() => socket.destroy());
    socket.write(
      'GET / HTTP/1.1\r\nhost: a\r\norigin: https://evil.org\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    );
    await sent;
  });
});
