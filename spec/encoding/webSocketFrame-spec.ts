import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { WebSocket, WebSocketServer } from 'ws';
import { pingFrame, textFrame } from '../../src/encoding/webSocketFrame.ts';
import { webSocketFrames } from '../../src/encoding/webSocketText.ts';
import { hostileText } from '../wire/hostile.ts';

/** A real client, and the bare connection that it reads from. */
async function pair(): Promise<{ client: WebSocket; socket: Duplex; close(): Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const handshakes = new WebSocketServer({ noServer: true });
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [req, socket, head] = (await once(server, 'upgrade')) as [IncomingMessage, Duplex, Buffer];
  handshakes.handleUpgrade(req, socket, head, () => {});
  await once(client, 'open');
  return {
    client,
    socket,
    async close() {
      client.terminate();
      socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

describe('webSocketFrame', () => {
  let peers: Awaited<ReturnType<typeof pair>>;
  beforeEach(async () => {
    peers = await pair();
  });
  afterEach(() => peers.close());

  /** Writes all frames at once, and gives what the client read. */
  async function read(frames: readonly Uint8Array[]): Promise<{ text: string; isBinary: boolean }[]> {
    const messages: { text: string; isBinary: boolean }[] = [];
    const all = new Promise<void>((resolve, reject) => {
      peers.client.on('error', reject);
      peers.client.on('message', (data, isBinary) => {
        messages.push({ text: String(data), isBinary });
        if (messages.length === frames.length) resolve();
      });
    });
    peers.socket.write(Buffer.concat(frames));
    await all;
    return messages;
  }

  it('should be read by a real client at each length where the header changes', async () => {
    const texts = [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000].map((length) => 'x'.repeat(length));
    expect(await read(texts.map(textFrame))).to.deep.equal(texts.map((text) => ({ text, isBinary: false })));
  });

  it('should count bytes, not characters', async () => {
    const texts = ['é'.repeat(63), '😀'.repeat(16_384), 'é'.repeat(32_768)];
    expect((await read(texts.map(textFrame))).map(({ text }) => text)).to.deep.equal(texts);
  });

  it('should be the shortest header that the length allows, and unmasked', () => {
    const header = (length: number): number => textFrame('x'.repeat(length)).length - length;
    expect([0, 125, 126, 65_535, 65_536].map(header)).to.deep.equal([2, 2, 4, 4, 10]);
    expect([...textFrame('ab')]).to.deep.equal([0x81, 2, 97, 98]);
    expect([...textFrame('x'.repeat(256)).slice(0, 4)]).to.deep.equal([0x81, 126, 1, 0]);
  });

  it('should carry hostile text as one message each', async () => {
    const texts = fc.sample(
      hostileText().filter((text) => text.isWellFormed()),
      { numRuns: 300, seed: 1 },
    );
    const messages = await read(texts.map((data) => webSocketFrames().encode({ data }) as Uint8Array));
    expect(messages.map(({ text }) => JSON.parse(text).data)).to.deep.equal(texts);
  });

  it('should have a ping that a real client answers', async () => {
    const pinged = once(peers.client, 'ping');
    peers.socket.write(pingFrame);
    expect(String((await pinged)[0])).to.equal('');
  });
});
