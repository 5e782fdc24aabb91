import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';
import { type Due, dueAt, notDue } from '../../src/flow/dueTimes.ts';

class Item implements Due {
  dueAt = Number.NaN;
  readonly times: number[] = [];
  due(now: number): void {
    this.times.push(now);
  }
}

describe('dueTimes', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers();
  });
  afterEach(() => clock.restore());

  it('should call each at its time, late by an eighth of the wait and a quarter of a second at most, and never early', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 50 }), (waits) => {
        const start = performance.now();
        const items = waits.map((wait) => {
          const item = new Item();
          dueAt(item, start + wait, start);
          return item;
        });
        clock.tick(101_000);
        for (const [index, { times }] of items.entries()) {
          const wait = waits[index] as number;
          expect(times).to.have.length(1);
          const late = (times[0] as number) - start - wait;
          expect(late).to.be.at.least(0);
          expect(late).to.be.at.most(Math.min(Math.max(wait / 8, 1), 256) + 1);
        }
        expect(clock.countTimers()).to.equal(0);
      }),
    );
  });

  it('should move one that is asked for again, and forget one that is taken back', () => {
    const [moved, back] = [new Item(), new Item()];
    for (const item of [moved, back]) dueAt(item, 1000, 0);
    dueAt(moved, 5000, 0);
    notDue(back);
    clock.tick(4000);
    expect([moved.times, back.times]).to.deep.equal([[], []]);
    clock.tick(2000);
    expect([moved.times.length, back.times.length]).to.deep.equal([1, 0]);
  });

  it('should let one be due again from within its time', () => {
    const item = new (class extends Item {
      override due(now: number): void {
        super.due(now);
        if (this.times.length < 3) dueAt(this, now + 100, now);
      }
    })();
    dueAt(item, 100, 0);
    clock.tick(1000);
    expect(item.times).to.have.length(3);
    expect(clock.countTimers()).to.equal(0);
  });

  it('should go on when a clock that a test had replaced is put back', () => {
    const lost = new Item();
    dueAt(lost, 500, 0);
    clock.restore();
    clock = sinon.useFakeTimers({ now: 1_000_000 });
    clock.tick(10_000);
    const item = new Item();
    const now = performance.now();
    dueAt(item, now + 100, now);
    clock.tick(200);
    expect(item.times).to.have.length(1);
    notDue(lost);
  });
});
