import { expect } from 'chai';
import { Standing } from '../../src/flow/Standing.ts';

describe('Standing', () => {
  it('should tell who gets nothing where the log was at the last look, and each place once', () => {
    let position = 'a';
    const standing = new Standing(() => position);
    expect(standing.check(false), 'no look before').to.equal(undefined);
    position = 'b';
    // What came after 'a' may still be on its way through operators that wait.
    expect(standing.check(false)).to.equal('a');
    position = 'c';
    expect(standing.check(false)).to.equal('b');
    expect(standing.check(false)).to.equal('c');
    expect(standing.check(false), 'told already').to.equal(undefined);
  });

  it('should tell nothing to who got something, as that had an id', () => {
    let position = 'a';
    const standing = new Standing(() => position);
    standing.check(false);
    position = 'b';
    expect(standing.check(true)).to.equal(undefined);
    expect(standing.check(false), 'the log has not moved on').to.equal(undefined);
    position = 'c';
    expect(standing.check(false)).to.equal(undefined);
    expect(standing.check(false)).to.equal('c');
  });

  it('should not tell again what was told when it was asked for', () => {
    let position = 'a';
    const standing = new Standing(() => position);
    expect(standing.now()).to.equal('a');
    expect(standing.check(false)).to.equal(undefined);
    expect(standing.check(false)).to.equal(undefined);
    position = 'b';
    standing.check(false);
    expect(standing.check(false)).to.equal('b');
  });
});
