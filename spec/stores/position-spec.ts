import { expect } from 'chai';
import fc from 'fast-check';
import { compact, expanded, idOf, newEpoch, positionOf } from '../../src/stores/position.ts';

describe('A position in memory', () => {
  it('should be written as a short id, and read from it', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (offset) => {
        const epoch = newEpoch(6);
        const id = idOf({ epoch, offset });
        expect(id).to.match(/^[A-Za-z0-9._-]{8,16}$/);
        expect(positionOf(id)).to.deep.equal({ epoch, offset });
      }),
    );
  });

  it('should have one writing, and be read from no other text', () => {
    for (const text of [
      '',
      'abcdef',
      'abcdef.',
      'abcdef.01',
      '.1',
      'abcdef.1.2',
      `abcdef.${'z'.repeat(9)}`,
      'abcdeé.1',
    ])
      expect(positionOf(text), text).to.equal(undefined);
    expect(positionOf(`abcdef.${'1'.repeat(200)}`)).to.equal(undefined);
  });

  it('should have numbers of base 64 that are as long as they need to be', () => {
    expect([0, 63, 64, 64 ** 3 - 1].map(compact).map(({ length }) => length)).to.deep.equal([1, 1, 2, 3]);
    expect(expanded('')).to.equal(undefined);
    expect(expanded('~')).to.equal(undefined);
  });

  it('should have an epoch of its own for each log', () => {
    const epochs = Array.from({ length: 200 }, () => newEpoch(6));
    expect(new Set(epochs).size).to.equal(epochs.length);
    for (const epoch of epochs) expect(epoch).to.match(/^[0-9A-Za-z_-]{6}$/);
  });
});
