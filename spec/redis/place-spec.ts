import { expect } from 'chai';
import fc from 'fast-check';
import { compareIds, idOf, isEntryId, newStreamEpoch, placeOf } from '../../src/redis/place.ts';

const parts = fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const likely = fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 43n }), fc.bigInt({ min: 0n, max: 300n }));
const entryId = fc.oneof(parts, likely).map(([ms, sequence]) => `${ms}-${sequence}`);
const epoch = fc.string({ unit: fc.constantFrom(...'0123456789AZaz_-'), minLength: 4, maxLength: 4 });

describe('A place in a stream', () => {
  it('should be written as an id that a client can come back with, and read from it', () => {
    fc.assert(
      fc.property(epoch, entryId, (its, id) => {
        const position = idOf({ epoch: its, id });
        expect(position).to.match(/^[A-Za-z0-9._-]{11,128}$/);
        expect(placeOf(position)).to.deep.equal({ epoch: its, id });
      }),
    );
  });

  it('should be short for what Redis makes by itself: eight of them fit into the id of a combination', () => {
    expect(idOf({ epoch: 'abcd', id: `${Date.UTC(2100, 0)}-0` })).to.have.length(11);
    expect(idOf({ epoch: 'abcd', id: '1700000000000-63' })).to.have.length(12);
  });

  it('should have one writing, and be read from no other text', () => {
    const wrong = ['', 'abcd', 'abcd.01.0', 'abcd.1.0', `abcd.${2n ** 64n}.0`, 'abcd00000010', 'abcd0000001-.', '\0'];
    for (const text of [...wrong, 'x'.repeat(129), '1-0', '$', '+']) expect(placeOf(text), text).to.equal(undefined);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'01aZ_-.~') }), (text) => {
        const place = placeOf(text);
        if (place === undefined) return;
        expect(idOf(place)).to.equal(text);
        expect(isEntryId(place.id), 'what Redis takes').to.equal(true);
      }),
    );
  });

  it('should be before another by the numbers, and not by the text', () => {
    const compared = (a: bigint, b: bigint): number => (a === b ? 0 : a < b ? -1 : 1);
    fc.assert(
      fc.property(parts, parts, ([ms, sequence], [otherMs, otherSequence]) => {
        const expected = compared(ms, otherMs) || compared(sequence, otherSequence);
        expect(Math.sign(compareIds(`${ms}-${sequence}`, `${otherMs}-${otherSequence}`))).to.equal(expected);
      }),
    );
  });

  it('should get an epoch that is none of an entry of another program', () => {
    for (let n = 0; n < 100; n += 1) expect(newStreamEpoch()).to.match(/^(?!0000)[0-9A-Za-z_-]{4}$/);
  });
});
