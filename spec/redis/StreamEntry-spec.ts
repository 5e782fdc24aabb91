import { expect } from 'chai';
import fc from 'fast-check';
import { byKey, entriesOf } from '../../src/redis/StreamEntry.ts';

const bytes = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));
const ours = bytes('data', '"a"', 'event', 'tick', 'retry', '1000', 'epoch', 'abcd', 'prev', '1-0', 'by', 'me:1');

describe('What Redis answers of a stream', () => {
  it('should be read as entries, with what this library and other programs write', () => {
    const [entry, theirs, marked] = entriesOf([
      [Buffer.from('2-0'), ours],
      [Buffer.from('3-0'), bytes('data', '1', 'other', 'x')],
      [Buffer.from('4-0'), bytes('epoch', 'abcd', 'prev', '-')],
    ]);
    expect(entry).to.deep.include({ id: '2-0', event: 'tick', retry: '1000', epoch: 'abcd', prev: '1-0' });
    expect(String(entry?.data)).to.equal('"a"');
    expect(theirs).to.deep.include({
      id: '3-0',
      event: undefined,
      retry: undefined,
      epoch: undefined,
      prev: undefined,
    });
    expect(marked).to.deep.include({ data: undefined, epoch: 'abcd', prev: '-' });
  });

  it('should not take the fields of another program for its own, though they have the same names', () => {
    for (const [epoch, prev] of [
      ['ab', '1-0'],
      ['abcd', 'the one before'],
      ['0000', '1-0'],
    ] as const) {
      const [entry] = entriesOf([[Buffer.from('2-0'), bytes('data', '1', 'epoch', epoch, 'prev', prev)]]);
      expect(entry).to.deep.include({ epoch: undefined, prev: undefined });
    }
  });

  it('should be read as the same alone and among others, whose epochs and ids it may have', () => {
    const ids = Array.from({ length: 6 }, (_, index) => `${index + 1}-0`);
    const field = (name: string, ...values: string[]) =>
      fc.option(
        fc.constantFrom(...values).map((value) => bytes(name, value)),
        { nil: [] },
      );
    const fields = fc
      .tuple(
        field('data', '1', '"a"'),
        field('epoch', 'abcd', 'wxyz', '0000', 'ab', ''),
        field('prev', ...ids, '-', 'x', '01-0', ''),
      )
      .map((parts) => parts.flat());
    fc.assert(
      fc.property(fc.array(fields, { minLength: 2, maxLength: ids.length }), (all) => {
        const answer = all.map((each, index) => [Buffer.from(ids[index] as string), each]);
        expect(entriesOf(answer)).to.deep.equal(answer.map((each) => entriesOf([each])[0]));
      }),
    );
  });

  it('should be read by key from RESP2, and from RESP3 as a map or flat', () => {
    const entries = [[Buffer.from('2-0'), ours]];
    const [a, b] = bytes('a', 'b');
    const forms = [
      [
        [a, entries],
        [b, []],
      ],
      new Map([
        [a, entries],
        [b, []],
      ]),
      [a, entries, b, []],
    ];
    for (const form of forms) {
      const read = byKey(form);
      expect(read.map(([key, { length }]) => [key, length])).to.deep.equal([
        ['a', 1],
        ['b', 0],
      ]);
      expect(read[0]?.[1][0]).to.include({ id: '2-0', epoch: 'abcd' });
    }
    expect(byKey(null)).to.deep.equal([]);
  });
});
