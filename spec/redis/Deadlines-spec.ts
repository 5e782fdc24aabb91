import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { Deadlines, type Timed } from '../../src/redis/Deadlines.ts';

describe('Deadlines', () => {
  let clock: SinonFakeTimers;
  let expired: string[];

  beforeEach(() => {
    clock = useFakeTimers();
    expired = [];
  });
  afterEach(() => clock.restore());

  const item = (name: string): Timed => ({
    dueAt: Number.NaN,
    wait: Number.NaN,
    expire: (now) => expired.push(`${name} ${now}`),
  });

  it('should expire each at its time, with one timer for all', () => {
    const deadlines = new Deadlines();
    deadlines.add(item('long'), 100);
    deadlines.add(item('short'), 10);
    clock.tick(5);
    deadlines.add(item('later'), 10);
    expect(clock.countTimers()).to.equal(1);
    clock.tick(95);
    expect(expired).to.deep.equal(['short 10', 'later 15', 'long 100']);
    expect(clock.countTimers()).to.equal(0);
  });

  it('should forget those that were deleted, and leave no timer behind', () => {
    const deadlines = new Deadlines();
    const [one, two] = [item('one'), item('two')];
    deadlines.add(one, 10);
    deadlines.add(two, 20);
    deadlines.delete(one);
    deadlines.delete(one);
    clock.tick(15);
    expect(expired).to.deep.equal([]);
    deadlines.delete(two);
    expect(clock.countTimers()).to.equal(0);
  });

  it('should take new ones while it expires old ones', () => {
    const deadlines = new Deadlines();
    const again: Timed = {
      dueAt: Number.NaN,
      wait: Number.NaN,
      expire: (now) => {
        expired.push(`again ${now}`);
        if (expired.length < 3) deadlines.add(again, 10, now);
      },
    };
    deadlines.add(again, 10);
    clock.tick(100);
    expect(expired).to.deep.equal(['again 10', 'again 20', 'again 30']);
  });
});
