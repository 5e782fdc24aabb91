import { expect } from 'chai';
import { clock } from '../../src/flow/clock.ts';
import { afterFlushes, atEndOfTick, flushLate } from '../../src/flow/ticks.ts';
import { later } from '../../src/later.ts';
import { inTurn } from '../../src/stores/turns.ts';

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

  it('should flush what is late when a newcomer comes, as the event loop may have no turn for long', async () => {
    const flushed: string[] = [];
    const before = clock();
    atEndOfTick({ flush: () => flushed.push('a') });
    flushLate(before);
    expect(flushed).to.deep.equal([]);
    flushLate(clock() + 10);
    expect(flushed).to.deep.equal(['a']);
    atEndOfTick({ flush: () => flushed.push('b') });
    flushLate(before);
    expect(flushed).to.deep.equal(['a']);
    await turn();
    expect(flushed).to.deep.equal(['a', 'b']);
  });

  it('should not flush within a flush: a client would get what is new before what is old', async () => {
    const flushed: string[] = [];
    atEndOfTick({
      flush() {
        atEndOfTick({ flush: () => flushed.push('new') });
        flushLate(clock() + 10);
        flushed.push('old');
      },
    });
    await turn();
    await turn();
    expect(flushed).to.deep.equal(['old', 'new']);
  });

  it('should flush what comes live before what clients have missed, and that in the same turn', async () => {
    const order: string[] = [];
    inTurn(() => {
      order.push('replay');
      atEndOfTick({ flush: () => order.push('replayed') });
    });
    atEndOfTick({ flush: () => order.push('live') });
    await turn();
    expect(order).to.deep.equal(['live', 'replay', 'replayed']);
  });

  it('should let those who can wait go on when all is flushed, also when one of them throws', async () => {
    const order: string[] = [];
    const puller = (name: string) => ({
      flush: () => afterFlushes({ pull: () => void order.push(name) }),
    });
    atEndOfTick(puller('first'));
    atEndOfTick({
      flush: () =>
        afterFlushes({
          pull() {
            throw new Error('broken');
          },
        }),
    });
    atEndOfTick(puller('second'));
    atEndOfTick({ flush: () => order.push('live') });
    await turn();
    expect(order).to.deep.equal(['live', 'first', 'second']);
    await turn();
    expect(order.length, 'once').to.equal(3);
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
