import { expect } from 'chai';
import { atEndOfTick } from '../../src/flow/ticks.ts';
import { later } from '../../src/later.ts';

const turn = (): Promise<void> => new Promise((resolve) => later(resolve));

describe('ticks', () => {
  it('should flush at the end of the tick, in the order in which it was asked', async () => {
    const flushed: string[] = [];
    atEndOfTick({ flush: () => flushed.push('a') });
    atEndOfTick({ flush: () => flushed.push('b') });
    expect(flushed).to.deep.equal([]);
    await turn();
    expect(flushed).to.deep.equal(['a', 'b']);
  });

  it('should leave what a flush asks for to the next tick, so that the event loop turns', async () => {
    let flushes = 0;
    const again = {
      flush() {
        flushes += 1;
        if (flushes < 3) atEndOfTick(again);
      },
    };
    atEndOfTick(again);
    await turn();
    expect(flushes).to.equal(1);
    await turn();
    expect(flushes).to.equal(2);
    await turn();
    expect(flushes).to.equal(3);
  });

  it('should let the event loop turn when there is much to flush, and flush the rest in order', async () => {
    const flushed: number[] = [];
    const all = Array.from({ length: 500 }, (_, index) => index);
    for (const index of all) {
      atEndOfTick({
        flush() {
          flushed.push(index);
          const end = performance.now() + 0.2;
          while (performance.now() < end);
        },
      });
    }
    let turns = 0;
    while (flushed.length < all.length) {
      await turn();
      turns += 1;
    }
    expect(flushed).to.deep.equal(all);
    expect(turns).to.be.greaterThan(1);
  });

  it('should flush the others when one throws', async () => {
    let flushed = false;
    atEndOfTick({
      flush() {
        throw new Error('broken');
      },
    });
    atEndOfTick({
      flush() {
        flushed = true;
      },
    });
    await turn();
    expect(flushed).to.equal(true);
  });
});
