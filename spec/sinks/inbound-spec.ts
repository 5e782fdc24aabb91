import { once } from 'node:events';
import { expect } from 'chai';
import { firstValueFrom, lastValueFrom, NEVER, type Observable, ReplaySubject } from 'rxjs';
import { type ConnectionEvent, TornadoseError, toWebSocket, type WebSocketOptions } from 'tornadose';
import { type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { closeLater, closeServers, serve } from '../support/servers.ts';

async function session(options: WebSocketOptions<never> = {}, serverOptions: ServerOptions = {}) {
  const { server, port } = await serve((_req, res) => res.end());
  const webSockets = new WebSocketServer({ server, ...serverOptions });
  closeLater(() => webSockets.close());
  const connections = new ReplaySubject<Observable<ConnectionEvent>>();
  let messages = 0;
  webSockets.on('connection', (ws) => {
    connections.next(NEVER.pipe(toWebSocket(ws, options)));
    ws.on('message', () => {
      messages += 1;
    });
  });
  const client = new WebSocket(`ws://127.0.0.1:${port}`, {
    perMessageDeflate: serverOptions.perMessageDeflate === true,
  });
  client.on('error', () => {});
  closeLater(() => client.terminate());
  await once(client, 'open');
  return { client, connection: await firstValueFrom(connections), received: () => messages };
}

const closeOf = async (connection: Observable<ConnectionEvent>) => {
  const event = await lastValueFrom(connection);
  return event.type === 'close' ? event : expect.fail('no close');
};

describe('what a client sends over a WebSocket', () => {
  afterEach(closeServers);

  for (const perMessageDeflate of [false, true]) {
    it(`should be refused with 1009 when a message is too large${perMessageDeflate ? ', compressed as well' : ''}`, async () => {
      const { client, connection, received } = await session({ inbound: { maxBytes: 1000 } }, { perMessageDeflate });
      client.send('x'.repeat(1000));
      client.send('x'.repeat(1001));
      const [code] = await once(client, 'close');
      expect(code).to.equal(1009);
      const { reason, error } = await closeOf(connection);
      expect(reason).to.equal('client');
      expect(error).to.be.instanceOf(RangeError);
      expect(received()).to.equal(1);
    });
  }

  it('should be bounded by 1 MiB unless it is told otherwise', async () => {
    const { client } = await session();
    client.send(Buffer.alloc(1024 * 1024 + 1));
    const [code] = await once(client, 'close');
    expect(code).to.equal(1009);
  });

  it('should not be larger than what the server of ws allows, whatever the sink says', async () => {
    const { client } = await session({ inbound: { maxBytes: 10_000 } }, { maxPayload: 100 });
    client.send('x'.repeat(101));
    const [code] = await once(client, 'close');
    expect(code).to.equal(1009);
  });

  for (const [kind, send] of [
    ['messages', (client: WebSocket) => client.send('x')],
    ['pings', (client: WebSocket) => client.ping()],
    ['pongs', (client: WebSocket) => client.pong()],
  ] as const) {
    it(`should be closed with 1008 when it is too many ${kind}`, async () => {
      const { client, connection } = await session({ inbound: { maxPerSecond: 20 } });
      for (let n = 0; n < 2_000; n += 1) send(client);
      const [code, reason] = await once(client, 'close');
      expect([code, String(reason)]).to.deep.equal([1008, 'too many messages']);
      const { reason: why, error } = await closeOf(connection);
      expect(why).to.equal('client');
      expect(TornadoseError.is(error, 'ERR_INBOUND') && error.limit).to.equal(20);
    });
  }

  it('should leave those alone who say as much as they may', async () => {
    const { client, received } = await session({ inbound: { maxPerSecond: 20 } });
    for (let n = 0; n < 20; n += 1) client.send('x');
    while (received() < 20) await new Promise((resolve) => setImmediate(resolve));
    expect(client.readyState).to.equal(WebSocket.OPEN);
  });

  it('should be checked at the door', () => {
    const ws = { terminate() {} } as never;
    expect(() => toWebSocket(ws, { inbound: { maxBytes: 0 } })).to.throw(TornadoseError, 'inbound.maxBytes');
    expect(() => toWebSocket(ws, { inbound: { max: 1 } as never })).to.throw(TornadoseError, 'an option of `inbound`');
  });
});
