import { expect } from 'chai';
import { TornadoseError } from 'tornadose';
import {
  checkedName,
  checkNames,
  integer,
  invalidOption,
  milliseconds,
  oneOf,
  optionalFunction,
} from '../src/options.ts';
import { thrown } from './support/thrown.ts';

describe('options', () => {
  const refusal = (check: () => unknown): string => {
    const error = thrown(check);
    expect(error.code).to.equal('ERR_INVALID_OPTION');
    return error.message;
  };

  it('should say the name, what was expected and what came, in words and as facts', () => {
    const error = invalidOption('maxBytes', 'a positive integer', -1) as TornadoseError & Record<string, unknown>;
    expect(error).to.be.instanceOf(TornadoseError);
    expect(error.message).to.equal('Expected `maxBytes` to be a positive integer, got `-1` (number)');
    expect([error.option, error.expected, error.received]).to.deep.equal(['maxBytes', 'a positive integer', -1]);
  });

  describe('checkNames', () => {
    it('should refuse a misspelt option with those that there are', () => {
      expect(() => checkNames('toX', { a: 1 }, ['a', 'b'])).to.not.throw();
      expect(refusal(() => checkNames('toX', { a: 1, c: 1 }, ['a', 'b']))).to.equal(
        'Expected an option of `toX` (a, b), got `c`',
      );
    });

    it('should refuse what is no object', () => {
      for (const options of [null, undefined, 'a', 7])
        expect(refusal(() => checkNames('toX', options, []))).to.include('`toX` to be given an object of options');
    });

    it('should not take inherited or prototype names for known ones', () => {
      expect(refusal(() => checkNames('toX', JSON.parse('{"__proto__": 1}'), ['a']))).to.include('got `__proto__`');
      expect(refusal(() => checkNames('toX', { toString: 1 }, ['a']))).to.include('got `toString`');
    });
  });

  it('should take a name that is the same in UTF-8, of as many characters as it may have', () => {
    expect(checkedName('key', 'né 🌪')).to.equal('né 🌪');
    expect(checkedName('key', 'x'.repeat(256), 256)).to.have.length(256);
    for (const wrong of ['', '\ud83c', 5, null, undefined])
      expect(refusal(() => checkedName('key', wrong))).to.include('`key` to be a name of one character or more');
    expect(refusal(() => checkedName('key', 'x'.repeat(257), 256))).to.include('a name of 1 to 256 characters');
  });

  it('should take integers from the least on, and the default for undefined only', () => {
    expect(integer('n', undefined, 5)).to.equal(5);
    expect(integer('n', 1, 5)).to.equal(1);
    expect(integer('n', 0, 5, 0)).to.equal(0);
    expect(refusal(() => integer('n', 0, 5))).to.equal('Expected `n` to be a positive integer, got `0` (number)');
    expect(refusal(() => integer('n', 1, 5, 2))).to.include('an integer of at least 2');
    for (const wrong of [null, '1', 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1n])
      expect(refusal(() => integer('n', wrong, 5))).to.match(/^Expected `n` to be a positive integer, got/);
  });

  it('should take as many milliseconds as a timer can wait', () => {
    expect(milliseconds('t', undefined, undefined)).to.equal(undefined);
    for (const right of [0.5, 1, 2 ** 31 - 1]) expect(milliseconds('t', right, 5)).to.equal(right);
    for (const wrong of [0, -1, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY, '5', null])
      expect(refusal(() => milliseconds('t', wrong, 5))).to.include('`t` to be a number of milliseconds');
  });

  it('should take one of a few words', () => {
    expect(oneOf('w', undefined, ['a', 'b'], 'b')).to.equal('b');
    expect(oneOf('w', 'a', ['a', 'b'], 'b')).to.equal('a');
    expect(refusal(() => oneOf('w', 'c', ['a', 'b'], 'b'))).to.equal(
      "Expected `w` to be 'a' or 'b', got `\"c\"` (string)",
    );
    expect(refusal(() => oneOf('w', null, ['a'], 'a'))).to.include('got `null`');
  });

  it('should take a function or undefined', () => {
    const fn = (): void => {};
    expect(optionalFunction('f', fn)).to.equal(fn);
    expect(optionalFunction('f', undefined)).to.equal(undefined);
    for (const wrong of [null, 'f', {}]) expect(refusal(() => optionalFunction('f', wrong))).to.include('a function');
  });
});
