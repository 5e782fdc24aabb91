import { expect } from 'chai';
import { TornadoseError } from 'tornadose';
import { shown } from '../src/errors.ts';

describe('TornadoseError', () => {
  const error = new TornadoseError('ERR_OVERFLOW', 'too much', { limit: 10, unit: 'bytes', waiting: 12 });

  it('should be an Error with a code, a name and its facts as fields', () => {
    expect(error).to.be.instanceOf(Error);
    expect(error.name).to.equal('TornadoseError');
    expect(error.code).to.equal('ERR_OVERFLOW');
    expect(error.message).to.equal('too much');
    expect(error).to.include({ limit: 10, unit: 'bytes', waiting: 12 });
    expect(error.stack).to.include('TornadoseError: too much');
  });

  it('should keep its cause', () => {
    const cause = new Error('why');
    expect(new TornadoseError('ERR_UNSERIALISABLE', 'no', { received: 1 }, { cause }).cause).to.equal(cause);
    expect(Object.hasOwn(error, 'cause')).to.equal(false);
  });

  it('should be told apart by code', () => {
    expect(TornadoseError.is(error)).to.equal(true);
    expect(TornadoseError.is(error, 'ERR_OVERFLOW')).to.equal(true);
    expect(TornadoseError.is(error, 'ERR_REFUSED')).to.equal(false);
    for (const other of [new Error('x'), undefined, null, 'ERR_OVERFLOW', { code: 'ERR_OVERFLOW' }])
      expect(TornadoseError.is(other)).to.equal(false);
  });
});

describe('shown', () => {
  it('should show a value and its type', () => {
    expect(shown(-1)).to.equal('`-1` (number)');
    expect(shown('a"b')).to.equal('`"a\\"b"` (string)');
    expect(shown(7n)).to.equal('`7n` (bigint)');
    expect(shown(undefined)).to.equal('`undefined` (undefined)');
    expect(shown(null)).to.equal('`null`');
    expect(shown(Symbol('s'))).to.equal('`Symbol(s)` (symbol)');
    expect(shown([1, 2])).to.equal('an array of 2');
    expect(shown(new Map())).to.equal('an object (`Map`)');
    expect(shown(Object.create(null))).to.equal('an object');
    expect(shown(function named() {})).to.equal('`named` (function)');
    expect(shown(() => {})).to.equal('`anonymous` (function)');
  });

  it('should stay one line, however long or hostile the value is', () => {
    const text = shown(`a\nb\r\u0000${'x'.repeat(1_000_000)}`);
    expect(text.length).to.be.lessThan(80);
    expect(text).to.not.match(/[\n\r\0]/);
  });

  it('should show what cannot be looked into, and not throw itself', () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const trap = {
      get constructor() {
        throw new Error('not yours');
      },
    };
    expect(shown(revoked.proxy)).to.equal('something that cannot be looked at');
    expect(shown(trap)).to.equal('something that cannot be looked at');
  });
});
