import { expect } from 'chai';
import fc from 'fast-check';
import { lowerBound } from '../../src/redis/lowerBound.ts';

describe('lowerBound', () => {
  it('should find the first that is not below, as looking at one after the other does', () => {
    const sorted = fc
      .array(fc.integer({ min: 0, max: 20 }), { minLength: 1 })
      .map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(sorted, fc.integer({ min: -1, max: 21 }), (list, sought) => {
        const found = lowerBound(0, list.length, (index) => (list[index] as number) < sought);
        const expected = list.findIndex((value) => value >= sought);
        expect(found).to.equal(expected === -1 ? list.length : expected);
      }),
    );
  });
});
