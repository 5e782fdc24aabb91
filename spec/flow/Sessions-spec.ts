import { once } from 'node:events';
import http2, { type Http2Server } from 'node:http2';
import net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { NEVER } from 'rxjs';
import sinon from 'sinon';
import { Gate, onBackpressureBuffer, QueueStore, toEventSource } from 'tornadose';
import { closeLater, closeOf, closeServers, serveHttp2 } from '../support/servers.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
// RFC 9113: SETTINGS without any; HEADERS of stream 1, END_STREAM and END_HEADERS, with GET, http, / and the authority `spec`.
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const request = Buffer.concat([
  Buffer.from([0, 0, 9, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x41, 4]),
  Buffer.from('spec'),
]);
/** Windows of 2 GiB, for a stream and for the session: nothing but TCP bounds what is sent. */
const wide = Buffer.concat([
  Buffer.from([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff]),
  Buffer.from([0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7f, 0xff, 0, 0]),
]);

/** A peer that says what it is given, and never closes its side: one whose machine is gone says nothing more either. */
async function silentPeer(port: number, ...frames: readonly Buffer[]): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  closeLater(() => socket.destroy());
  await once(socket, 'connect');
  socket.write(Buffer.concat([preface, ...frames]));
  return socket;
}

/** Resolves when the server has closed, with all of its connections. */
const closed = (server: Http2Server): Promise<unknown> => new Promise((done) => server.close(done));

describe('the HTTP/2 sessions of a drained gate', () => {
  afterEach(closeServers);

  it('should let server.close end when a peer has vanished, of which no FIN comes', async () => {
    const gate = new Gate();
    const { server, port } = await serveHttp2((_req, res) => void NEVER.pipe(toEventSource(res, { gate })));
    gate.watch(server);
    const idle = (await silentPeer(port, settings)).resume();
    const streaming = (await silentPeer(port, settings, request)).resume();
    const bytes: Buffer[] = [];
    streaming.on('data', (chunk: Buffer) => bytes.push(chunk));
    await Promise.all([once(idle, 'data'), once(streaming, 'data')]);
    while (gate.size < 1) await turn();
    expect(await gate.drain({ over: 0 })).to.deep.equal({ ended: 1, cut: 0 });
    await closed(server);
    // What a peer that is still there is owed has come before: the time to come back.
    expect(Buffer.concat(bytes).toString('latin1')).to.match(/retry: \d+\n\n/);
  });

  it('should let server.close end when a peer takes nothing more, not even that its stream was cut', async () => {
    const gate = new Gate();
    const store = new QueueStore<string>();
    const { server, port } = await serveHttp2((_req, res) => {
      const backpressure = onBackpressureBuffer<string>({ maxBytes: 64 * 1024 * 1024 });
      void store.pipe(toEventSource(res, { gate, backpressure }));
    });
    const socket = await silentPeer(port, wide, request);
    socket.pause();
    while (gate.size < 1) await turn();
    for (let n = 0; n < 32; n += 1) store.next('x'.repeat(1024 * 1024));
    await turn();
    expect(await gate.drain({ over: 0, timeout: 0 })).to.deep.equal({ ended: 0, cut: 1 });
    await closed(server);
  });

  it('should let server.close end when a peer was given up long before, and has not taken that either', async () => {
    const gate = new Gate();
    const store = new QueueStore<string>();
    const { server, port } = await serveHttp2((_req, res) => void store.pipe(toEventSource(res, { gate })));
    const socket = await silentPeer(port, wide, request);
    socket.pause();
    while (gate.size < 1) await turn();
    while (gate.size > 0) {
      store.next('x'.repeat(512 * 1024));
      await turn();
    }
    expect(await gate.drain({ over: 0 })).to.deep.equal({ ended: 0, cut: 0 });
    await closed(server);
  });

  for (const [what, waited] of [
    ['give a peer that is slow its time to take the last answer whole', 3_000],
    ['let server.close end when a peer does not take the last answer', 60_000],
  ] as const) {
    it(`should ${what}`, async () => {
      const gate = new Gate();
      const answer = Buffer.alloc(3_500_000, 'x');
      const { server, port } = await serveHttp2((_req, res) => res.end(answer));
      gate.watch(server);
      const socket = await silentPeer(port, wide, request);
      socket.pause();
      const [stream] = await once(server, 'stream');
      await closeOf(stream);
      const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      try {
        await gate.drain({ over: 0 });
        await turn();
        const gone = closed(server);
        clock.tick(waited);
        if (waited > 10_000) return void (await gone);
        let bytes = 0;
        socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume();
        await once(socket, 'end');
        expect(bytes).to.be.greaterThan(answer.length);
        socket.end();
        await gone;
      } finally {
        clock.restore();
      }
    });
  }

  for (const [what, timeout] of [
    ['ended', 5_000],
    ['cut', 0],
  ] as const) {
    it(`should go on as long as an answer of somebody else does beside a stream that was ${what}, and end with it`, async () => {
      const gate = new Gate();
      const answers: http2.Http2ServerResponse[] = [];
      const { server, url } = await serveHttp2((req, res) => {
        if (req.url === '/stream') void NEVER.pipe(toEventSource(res, { gate }));
        else answers.push(res);
      });
      const session = http2.connect(url);
      closeLater(() => session.destroy());
      const [stream, page] = [session.request({ ':path': '/stream' }), session.request({ ':path': '/page' })];
      stream.on('error', () => {});
      await once(stream.resume(), 'response');
      while (answers.length === 0) await turn();
      let text = '';
      page.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      const gone = closed(server);
      const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      try {
        const [over, told] = [closeOf(stream), once(session, 'goaway')];
        const { cut } = await gate.drain({ over: 0, timeout });
        expect(cut).to.equal(what === 'cut' ? 1 : 0);
        await Promise.all([over, told]);
        // Longer than anybody is waited for.
        clock.tick(60_000);
        answers[0]?.end('at last');
        await Promise.all([once(page, 'close'), gone]);
      } finally {
        clock.restore();
      }
      expect(text).to.equal('at last');
    });
  }
});
