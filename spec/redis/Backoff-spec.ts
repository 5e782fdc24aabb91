import { expect } from 'chai';
import { restore, stub } from 'sinon';
import { Backoff } from '../../src/redis/Backoff.ts';

describe('Backoff', () => {
  afterEach(() => restore());

  it('should double up to the most, and begin again after a reset', () => {
    stub(Math, 'random').returns(0);
    const backoff = new Backoff(50, 300);
    expect([1, 2, 3, 4, 5].map(() => backoff.next())).to.deep.equal([50, 100, 200, 300, 300]);
    backoff.reset();
    expect(backoff.next()).to.equal(50);
  });

  it('should spread the tries over the second half of each wait', () => {
    const random = stub(Math, 'random');
    const backoff = new Backoff(100, 100);
    random.returns(0.5);
    expect(backoff.next()).to.equal(75);
    random.returns(1);
    expect(backoff.next()).to.equal(50);
  });
});
