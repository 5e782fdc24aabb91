import { EventEmitter } from 'node:events';
import { ServerResponse } from 'node:http';
import { expect } from 'chai';
import {
  breakOff,
  closeConnectionAfter,
  forgetHeaders,
  limitPayload,
  onceDrained,
  type RawSocket,
  resetAfter,
} from '../../src/sinks/internals.ts';
import { ownerLike } from '../support/ownerLike.ts';

const socketLike = (writableEnded = false): EventEmitter & RawSocket =>
  Object.assign(new EventEmitter(), { writableEnded }) as unknown as EventEmitter & RawSocket;

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

describe('resetAfter', () => {
  const cancel = 8;

  /** A response that has its trailers asked for when it ends, and what is told to it and its stream. */
  function streamLike() {
    const told: string[] = [];
    const stream = Object.assign(new EventEmitter(), { close: (code: number) => told.push(`close ${code}`) });
    stream.on('wantTrailers', () => told.push('trailers'));
    const response = {
      end() {
        told.push('end');
        stream.emit('wantTrailers');
      },
    };
    return { told, stream, response };
  }

  it('should end the response, and close the stream with the code in place of its trailers', () => {
    const { told, stream, response } = streamLike();
    resetAfter(response, stream, cancel);
    expect(told).to.deep.equal(['end', 'close 8']);
  });

  for (const missing of ['removeAllListeners', 'once']) {
    it(`should close a stream without \`${missing}\` at once, with the code and without the end`, () => {
      const { told, stream, response } = streamLike();
      resetAfter(response, Object.assign(stream, { [missing]: undefined }), cancel);
      expect(told).to.deep.equal(['close 8']);
      expect(stream.listenerCount('wantTrailers')).to.equal(1);
    });
  }
});

describe('breakOff', () => {
  /** A chunked response that sends its last chunk when it ends. */
  class ResponseLike extends EventEmitter {
    readonly told: string[] = [];
    chunkedEncoding: unknown = true;
    readonly socket = { destroySoon: (): unknown => this.told.push('destroySoon') };
    _send?: unknown = (data: unknown): unknown => this.told.push(`send ${data}`);

    end(): void {
      this.told.push('end');
      if (typeof this._send === 'function') this._send('0\r\n\r\n');
      this.emit('finish');
    }
  }

  it('should end a chunked response without its last chunk, and close its connection', () => {
    const response = new ResponseLike();
    breakOff(response);
    expect(response.told).to.deep.equal(['end', 'send ', 'destroySoon']);
  });

  it('should send anything else that is still to be written as it is', () => {
    const response = new ResponseLike();
    response.end = function end(): void {
      for (const data of ['5\r\nhello\r\n', Buffer.from('0\r\n\r\n')]) (this._send as (data: unknown) => void)(data);
    };
    breakOff(response);
    expect(response.told).to.deep.equal(['send 5\r\nhello\r\n', 'send 0\r\n\r\n']);
  });

  it('should end as ever what is not as Node makes it, and leave its connection to others', () => {
    for (const odd of [{ _send: undefined }, { _send: 'text' }]) {
      const response = Object.assign(new ResponseLike(), odd);
      breakOff(response);
      expect(response.told).to.deep.equal(['end']);
      expect(response._send).to.equal(odd._send);
      expect(response.listenerCount('finish')).to.equal(0);
    }
  });

  it('should end as ever what is not chunked, as over HTTP/1.0', () => {
    const response = Object.assign(new ResponseLike(), { chunkedEncoding: false });
    breakOff(response);
    expect(response.told).to.deep.equal(['end', 'send 0\r\n\r\n']);
  });

  it('should end without the last chunk also where it cannot close the connection', () => {
    const response = Object.assign(new ResponseLike(), { socket: {} });
    breakOff(response);
    expect(response.told).to.deep.equal(['end', 'send ']);
  });
});

describe('closeConnectionAfter', () => {
  /** Whether the connection is closed when a response over it has finished. */
  function closes(connection: object | null | undefined, isPipelined = false): boolean {
    let closed = false;
    const destroySoon = (): void => {
      closed = true;
    };
    const socket = connection && { destroySoon, ...connection };
    const response = Object.assign(new EventEmitter(), isPipelined ? { socket: null, req: { socket } } : { socket });
    closeConnectionAfter(response);
    expect(closed).to.equal(false);
    response.emit('finish');
    return closed;
  }

  it('should close the connection when the last response over it has finished, and not before', () => {
    expect(closes({ _httpMessage: null })).to.equal(true);
    expect(closes({ _httpMessage: null }, true)).to.equal(true);
    expect(closes({ _httpMessage: {} })).to.equal(false);
  });

  it('should leave alone a connection that does not say whose turn it is: others may have been asked for over it', () => {
    expect(closes({})).to.equal(false);
  });

  it('should leave alone a connection that cannot be closed behind what is written, or is not there', () => {
    for (const connection of [{ _httpMessage: null, destroySoon: undefined }, null, undefined])
      expect(closes(connection)).to.equal(false);
  });
});

describe('forgetHeaders', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n';
  const responseLike = (more: object): { _header?: unknown } =>
    Object.assign(Object.create(ServerResponse.prototype) as object, { _header: head, _headerSent: true, ...more });

  it('should let go of headers that are on their way', () => {
    const response = responseLike({});
    forgetHeaders(response);
    expect(response._header).to.equal('HTTP/1.1 200 OK\r\n\r\n');
  });

  it('should leave alone headers that have yet to be sent, and what is not as Node makes it', () => {
    for (const odd of [{ _headerSent: false }, { _headerSent: undefined }, { on: () => {} }, { _header: null }]) {
      const response = responseLike(odd);
      forgetHeaders(response);
      expect(response._header).to.equal('_header' in odd ? null : head);
    }
    const bare: object = {};
    forgetHeaders(bare);
    expect(bare).to.deep.equal({});
  });
});
