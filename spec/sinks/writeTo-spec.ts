import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import net, { type Server, Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import fc from 'fast-check';
import { type RawSocket, waitingIn, writeTo } from '../../src/sinks/internals.ts';
import { writeCertificate } from '../support/certificate.ts';
import { endOfTick as turn } from '../support/endOfTick.ts';
import { listen } from '../support/listen.ts';
import { ownerLike } from '../support/ownerLike.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

/** More than the kernel takes of somebody who reads nothing. */
const plenty = Buffer.alloc(16 * 1024 * 1024, 'x');

/** A socket as Node has it, with the parts that are not in its types. */
type Opened = Socket & RawSocket & { _writeGeneric(...args: unknown[]): unknown };

const opened: { close?(): unknown; destroy?(): unknown }[] = [];

/** Both ends of a connection. */
async function pair(
  server: Server = net.createServer(),
  connect = (port: number): Socket => net.connect(port, '127.0.0.1'),
): Promise<[Opened, Socket]> {
  const port = await listen(server);
  const coming = once(server, server instanceof tls.Server ? 'secureConnection' : 'connection');
  const client = connect(port);
  const [socket] = (await coming) as [Opened];
  opened.push(server, socket, client);
  for (const end of [socket, client]) end.on('error', () => {});
  return [socket, client];
}

/** Counts what comes to a socket by way of Node's streams. */
function throughStreams(socket: Opened): { count: number } {
  const seen = { count: 0 };
  const { _writeGeneric: write } = socket;
  socket._writeGeneric = function counted(...args) {
    seen.count += 1;
    return write.apply(this, args);
  };
  return seen;
}

/** All that a socket has got by its end. */
async function received(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

describe('writeTo', () => {
  before(async () => {
    // What a handle takes is learnt from the first write in a process.
    const [socket] = await pair();
    writeTo(socket, Buffer.from('first'), ownerLike());
  });

  afterEach(() => {
    for (const each of opened.splice(0)) (each.destroy ?? each.close)?.call(each);
  });

  it('should give an idle socket its bytes without the streams above it', async () => {
    const [socket, client] = await pair();
    const streams = throughStreams(socket);
    const all = received(client);
    const owner = ownerLike();
    for (const text of ['one ', 'two ', 'three']) expect(writeTo(socket, Buffer.from(text), owner)).to.equal(true);
    expect(waitingIn(socket)).to.equal(0);
    expect(socket.bytesWritten).to.equal(13);
    expect(streams.count).to.equal(0);
    socket.end();
    expect(String(await all)).to.equal('one two three');
    expect(owner.told).to.deep.equal([]);
  });

  it('should keep the order of all that is written, by whomever, and however slowly it is read', async () => {
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.record({ by: fc.constantFrom('us', 'others'), bytes: fc.nat({ max: 600_000 }) }) },
      { weight: 1, arbitrary: fc.constant('pause' as const) },
      { weight: 2, arbitrary: fc.constant('read' as const) },
      { weight: 2, arbitrary: fc.constant('turn' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 30 }), async (acts) => {
        const [socket, client] = await pair();
        const all = received(client);
        const owner = ownerLike();
        const written: Buffer[] = [];
        for (const one of acts) {
          if (one === 'pause') client.pause();
          else if (one === 'read') client.resume();
          else if (one === 'turn') await turn();
          else {
            const bytes = Buffer.alloc(one.bytes, written.length + 1);
            written.push(bytes);
            if (one.by === 'us') writeTo(socket, bytes, owner);
            else socket.write(bytes);
          }
        }
        client.resume();
        socket.end();
        expect((await all).equals(Buffer.concat(written))).to.equal(true);
        expect(waitingIn(socket)).to.equal(0);
      }),
      { numRuns: 60 },
    );
  });

  it('should say how much waits while the kernel takes no more, and tell once when it has drained', async () => {
    const [socket, client] = await pair();
    const streams = throughStreams(socket);
    client.pause();
    const owner = ownerLike();
    expect(writeTo(socket, plenty, owner)).to.equal(false);
    expect(waitingIn(socket)).to.equal(plenty.length);
    expect(socket.writableNeedDrain).to.equal(true);
    expect(writeTo(socket, Buffer.from('a heartbeat'), owner)).to.equal(false);
    expect(waitingIn(socket)).to.equal(plenty.length + 11);
    expect(streams.count).to.equal(0);
    await turn();
    expect(owner.told).to.deep.equal([]);
    client.resume();
    while (owner.told.length === 0) await turn();
    expect(waitingIn(socket)).to.equal(0);
    await turn();
    expect(owner.told).to.deep.equal(['drained']);
    expect(socket.listenerCount('drain')).to.equal(0);
    expect(socket.writableNeedDrain).to.equal(false);
  });

  it('should take as much as Node does before it asks to wait for a drain', async () => {
    const [socket, client] = await pair();
    client.pause();
    const { writableHighWaterMark: most } = socket;
    const bytes = Buffer.alloc(1000);
    const owner = ownerLike();
    while (waitingIn(socket) === 0) writeTo(socket, bytes, owner);
    while (waitingIn(socket) + 1000 < most) expect(writeTo(socket, bytes, owner)).to.equal(true);
    expect(socket.writableNeedDrain).to.equal(false);
    expect(writeTo(socket, bytes, owner)).to.equal(false);
    expect(socket.writableNeedDrain).to.equal(true);
  });

  it('should tell all who wait for the same socket, also those who write by themselves', async () => {
    const [socket, client] = await pair();
    client.pause();
    const owners = [ownerLike(), ownerLike()] as const;
    for (const owner of owners) writeTo(socket, plenty, owner);
    const drained = once(socket, 'drain');
    client.resume();
    await drained;
    expect(owners.map(({ told }) => told)).to.deep.equal([['drained'], ['drained']]);
  });

  it('should leave the drain to the streams where something waits in them, too', async () => {
    const [socket, client] = await pair();
    const all = received(client);
    client.pause();
    const owner = ownerLike();
    writeTo(socket, plenty, owner);
    let through = false;
    socket.write(plenty, () => {
      through = true;
    });
    client.resume();
    while (owner.told.length === 0) await turn();
    expect(through).to.equal(true);
    expect(owner.told).to.deep.equal(['drained']);
    socket.end();
    expect((await all).length).to.equal(2 * plenty.length);
  });

  it('should survive a client that reads while it is written to, over a socket of the file system as well', async () => {
    const folder = temporaryFolder();
    const server = net.createServer();
    server.listen(join(folder.path, 'socket'));
    await once(server, 'listening');
    // In a thread of its own: what the kernel did not take at the first try it may take at the next one.
    const reader = new Worker(
      `const { connect } = require('node:net');
      const { parentPort, workerData } = require('node:worker_threads');
      for (let n = 0; n < workerData.sockets; n += 1) {
        const hash = require('node:crypto').createHash('sha1');
        connect(workerData.path).on('data', (bytes) => hash.update(bytes)).on('end', () => parentPort.postMessage(hash.digest('hex')));
      }`,
      { eval: true, workerData: { path: join(folder.path, 'socket'), sockets: 4 } },
    );
    opened.push(server, { close: () => reader.terminate() });
    const sockets: Opened[] = [];
    server.on('connection', (socket: Opened) => sockets.push(socket));
    while (sockets.length < 4) await turn();
    const owners = sockets.map(() => ownerLike());
    const hash = createHash('sha1');
    for (let n = 0; n < 1500; n += 1) {
      const bytes = Buffer.alloc(60_000, n);
      hash.update(bytes);
      for (const [index, socket] of sockets.entries()) writeTo(socket, bytes, owners[index] as (typeof owners)[0]);
      await turn();
    }
    const hashes: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      reader.on('message', (one) => {
        if (hashes.push(one) === 4) resolve();
      });
    });
    for (const socket of sockets) socket.end();
    await all;
    folder.remove();
    expect(new Set(hashes)).to.deep.equal(new Set([hash.digest('hex')]));
  });

  it('should take a request that is not used yet for one that is through, and no other', async () => {
    const [one, reader] = await pair();
    reader.pause();
    // As when the kernel has taken the rest at the second try: nothing is in the queue, and the request is still to be told.
    Object.defineProperty(one._handle, 'writeQueueSize', { value: 0 });
    const owner = ownerLike();
    expect(writeTo(one, plenty, owner)).to.equal(false);
    const [other, client] = await pair();
    const all = received(client);
    writeTo(other, Buffer.from('for another'), owner);
    other.end();
    expect(String(await all)).to.equal('for another');
  });

  it('should have a connection that was reset closed with the error that Node gives', async () => {
    const server = net.createServer();
    const isReset = new Int32Array(new SharedArrayBuffer(4));
    const client = new Worker(
      `const { port, isReset } = require('node:worker_threads').workerData;
      const socket = require('node:net').connect(port, '127.0.0.1').once('data', () => {
        socket.resetAndDestroy().once('close', () => {
          Atomics.store(isReset, 0, 1);
          Atomics.notify(isReset, 0);
        });
      });`,
      { eval: true, workerData: { port: await listen(server), isReset } },
    );
    opened.push(server, { close: () => client.terminate() });
    const [socket] = (await once(server, 'connection')) as [Opened];
    const failed = once(socket, 'error');
    writeTo(socket, Buffer.from('go'), ownerLike());
    // Before this thread has read of it.
    Atomics.wait(isReset, 0, 0);
    expect(writeTo(socket, Buffer.from('late'), ownerLike())).to.equal(true);
    const [error] = await failed;
    const { message, errno, code, syscall } = error as NodeJS.ErrnoException;
    expect({ message, errno, code, syscall }).to.deep.equal({
      message: 'write ECONNRESET',
      errno: -constants.errno.ECONNRESET,
      code: 'ECONNRESET',
      syscall: 'write',
    });
    expect(socket.destroyed).to.equal(true);
    expect(socket.bytesWritten).to.equal(6);
  });

  it('should tell that the client has closed its side while something waits', async () => {
    // As servers of node:http do it.
    const server = net.createServer({ allowHalfOpen: true }, (one) => one.on('end', () => one.end()));
    const [socket, client] = await pair(server);
    client.pause();
    const owner = ownerLike();
    writeTo(socket, plenty, owner);
    client.end();
    await once(socket.resume(), 'end');
    expect(owner.told).to.deep.equal(['left']);
  });

  for (const cut of ['destroy', 'resetAndDestroy'] as const) {
    for (const side of ['server', 'client'] as const) {
      it(`should let go of what was under way when the ${side} calls \`${cut}\`, and tell of no drain`, async () => {
        const [socket, client] = await pair();
        client.pause();
        const owner = ownerLike();
        writeTo(socket, plenty, owner);
        const closed = new Promise((resolve) => socket.on('close', resolve));
        (side === 'server' ? socket : client)[cut]();
        await closed;
        expect(waitingIn(socket)).to.equal(0);
        expect(owner.told).to.deep.equal([]);
      });
    }
  }

  it('should end a connection behind what was under way', async () => {
    const [socket, client] = await pair();
    writeTo(socket, plenty, ownerLike());
    socket.destroySoon();
    expect((await received(client)).length).to.equal(plenty.length);
  });

  describe('by way of the streams', () => {
    it('should write where something waits in them', async () => {
      const [socket, client] = await pair();
      socket.cork();
      socket.write('before ');
      writeTo(socket, Buffer.from('after'), ownerLike());
      socket.uncork();
      socket.end();
      expect(String(await received(client))).to.equal('before after');
    });

    it('should write where there is a timeout, which every write puts off', async () => {
      const [socket] = await pair();
      const streams = throughStreams(socket);
      socket.setTimeout(60_000);
      writeTo(socket, Buffer.from('one'), ownerLike());
      expect(streams.count).to.equal(1);
      socket.setTimeout(0);
      await turn();
      writeTo(socket, Buffer.from('two'), ownerLike());
      expect(streams.count).to.equal(1);
    });

    it('should write where somebody has replaced `write`', async () => {
      const [socket] = await pair();
      const { write } = socket;
      const seen: unknown[] = [];
      socket.write = function watched(this: Socket, ...args: unknown[]) {
        seen.push(args[0]);
        return write.apply(this, args as Parameters<typeof write>);
      } as typeof write;
      const bytes = Buffer.from('one');
      expect(writeTo(socket, bytes, ownerLike())).to.equal(true);
      expect(seen).to.deep.equal([bytes]);
    });

    it('should write where the connection encrypts', async () => {
      const folder = temporaryFolder();
      const certificate = await readFile(await writeCertificate(folder.path));
      folder.remove();
      const server = tls.createServer({ key: certificate, cert: certificate });
      const [socket, client] = await pair(server, (port) => tls.connect({ port, rejectUnauthorized: false }));
      const streams = throughStreams(socket);
      const all = received(client);
      for (const text of ['one ', 'two']) writeTo(socket, Buffer.from(text), ownerLike());
      socket.end();
      expect(String(await all)).to.equal('one two');
      expect(streams.count).to.equal(2);
    });

    it('should write what comes too late, so that Node tells of it', async () => {
      const [socket] = await pair();
      const failed = once(socket, 'error');
      socket.end();
      expect(writeTo(socket, Buffer.from('late'), ownerLike())).to.equal(false);
      expect((await failed)[0]).to.include({ code: 'ERR_STREAM_WRITE_AFTER_END' });
    });
  });

  describe('in a runtime that is not as expected', () => {
    /** As it is before the first write of a process. */
    async function anew(): Promise<typeof import('../../src/sinks/internals.ts')> {
      copies += 1;
      return await import(new URL(`../../src/sinks/internals.ts?${copies}`, import.meta.url).href);
    }
    let copies = 0;

    class Handle {
      writeBuffer(_request: unknown): number {
        return 0;
      }
    }

    /** A socket whose `write` gives its handle a request of that kind. */
    const socketLike = (handle: object | undefined, request: object, state: object = { needDrain: false }) => {
      const written: Uint8Array[] = [];
      return Object.assign(Object.create(Socket.prototype) as Socket & RawSocket, {
        written,
        _handle: handle,
        _writableState: state,
        write(bytes: Uint8Array) {
          written.push(bytes);
          (handle as Partial<Handle> | undefined)?.writeBuffer?.(request);
          return true;
        },
      });
    };

    for (const [what, handle, state] of [
      ['no handle', undefined, undefined],
      ['a handle that somebody has changed', { writeBuffer: () => 0 }, undefined],
      ['a handle without `writeBuffer`', {}, undefined],
      ['streams that need no drain', new Handle(), {}],
    ] as const) {
      it(`should write as ever: ${what}`, async () => {
        const { writeTo: write } = await anew();
        const socket = socketLike(handle, {}, state);
        for (const byte of [1, 2]) expect(write(socket, Uint8Array.of(byte), ownerLike())).to.equal(true);
        expect(socket.written).to.deep.equal([Uint8Array.of(1), Uint8Array.of(2)]);
      });
    }

    class WriteWrap {
      oncomplete(): void {}
    }

    for (const [what, request] of Object.entries({
      'requests of another kind': { oncomplete: () => {}, getAsyncId: () => -1 },
      'requests that tell nobody': Object.assign(new WriteWrap(), { oncomplete: 5 }),
      'requests that do not say whether they are used': new WriteWrap(),
    })) {
      it(`should write as ever, to all sockets: ${what}`, async () => {
        const { writeTo: write } = await anew();
        const odd = socketLike(new Handle(), request);
        write(odd, Uint8Array.of(1), ownerLike());
        expect(Object.hasOwn(odd._handle as object, 'writeBuffer')).to.equal(false);
        const [socket] = await pair();
        const streams = throughStreams(socket);
        write(socket, Buffer.from('one'), ownerLike());
        expect(streams.count).to.equal(1);
      });
    }
  });
});
