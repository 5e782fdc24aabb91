import { expect } from 'chai';
import { Ending } from '../../src/flow/Ending.ts';

describe('Ending', () => {
  const told = (left: number): Ending => {
    const ending = new Ending('complete', undefined, false);
    ending.wait(1_000, left);
    return ending;
  };

  it('should give a client half a minute to take something, and again when it has', () => {
    const ending = told(100);
    expect(ending.isStuck(100, 30_999)).to.equal(false);
    expect(ending.isStuck(99, 31_000)).to.equal(false);
    expect(ending.isStuck(99, 60_999)).to.equal(false);
    expect(ending.isStuck(99, 61_000)).to.equal(true);
  });

  it('should not wait again for one that has taken all and does not go, nor for one for whom more waits', () => {
    expect(told(100).isStuck(0, 31_000)).to.equal(true);
    expect(told(100).isStuck(101, 31_000)).to.equal(true);
    expect(told(0).isStuck(0, 31_000)).to.equal(true);
  });
});
