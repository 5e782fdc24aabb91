import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { limitPayload, onceDrained, type RawSocket } from '../../src/sinks/internals.ts';

const socketLike = (writableEnded = false): EventEmitter & RawSocket =>
  Object.assign(new EventEmitter(), { writableEnded }) as unknown as EventEmitter & RawSocket;

function ownerLike() {
  const told: string[] = [];
  return {
    told,
    transportDrained: () => told.push('drained'),
    transportClosed: () => told.push('closed'),
    transportLeft: () => told.push('left'),
  };
}

describe('onceDrained', () => {
  it('should tell each owner once, though a heartbeat was written meanwhile, and leave no listener behind', () => {
    const socket = socketLike();
    const owner = ownerLike();
    onceDrained(socket, owner);
    onceDrained(socket, owner);
    expect(socket.listenerCount('drain')).to.equal(1);
    socket.emit('drain');
    socket.emit('drain');
    expect(owner.told).to.deep.equal(['drained']);
    expect([socket.listenerCount('drain'), socket.listenerCount('end')]).to.deep.equal([0, 0]);
    onceDrained(socket, owner);
    socket.emit('drain');
    expect(owner.told).to.deep.equal(['drained', 'drained']);
  });

  it('should tell the next stream on a connection, though the one before it still waits for its drain', () => {
    const socket = socketLike();
    const [before, next] = [ownerLike(), ownerLike()];
    onceDrained(socket, before);
    onceDrained(socket, next);
    socket.emit('drain');
    expect([before.told, next.told]).to.deep.equal([['drained'], ['drained']]);
  });

  it('should tell that the client has left only where Node ends the connection with that', () => {
    for (const writableEnded of [false, true]) {
      const socket = socketLike(writableEnded);
      const owner = ownerLike();
      onceDrained(socket, owner);
      socket.emit('end');
      expect(owner.told).to.deep.equal(writableEnded ? ['left'] : []);
    }
  });
});

describe('limitPayload', () => {
  it('should lower what is higher or without a limit, and nothing else', () => {
    const socket = { _receiver: { _maxPayload: 0 }, _extensions: { 'permessage-deflate': { _maxPayload: 500 } } };
    limitPayload(socket, 1000);
    expect(socket).to.deep.equal({
      _receiver: { _maxPayload: 1000 },
      _extensions: { 'permessage-deflate': { _maxPayload: 500 } },
    });
  });

  it('should leave alone a socket that is not as ws makes them', () => {
    for (const socket of [{}, { _receiver: {} }, { _receiver: { _maxPayload: '7' } }, { _receiver: null }]) {
      const before = JSON.stringify(socket);
      limitPayload(socket, 10);
      expect(JSON.stringify(socket)).to.equal(before);
    }
  });
});
