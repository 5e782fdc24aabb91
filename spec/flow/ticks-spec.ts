import { expect } from 'chai';
import { clock } from '../../src/flow/clock.ts';
import { afterFlushes, atEndOfTick, flushLate } from '../../src/flow/ticks.ts';
import { later } from '../../src/later.ts';
import { inTurn } from '../../src/stores/turns.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** When nothing was late for a while, ticks end with the turn and not before. */
const calm = (): Promise<void> => sleep(110);
/** The callback that runs now is over, with all that was awaited in it. */
const callback = (): Promise<void> => new Promise((resolve) => queueMicrotask(() => process.nextTick(() => resolve())));
const turn = (): Promise<void> => new Promise((resolve) => later(resolve));

function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

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
    await calm();
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
          work(0.2);
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

  describe('when the event loop is busy', () => {
    /** A tick that ends late, when what was flushed before does not hold back what comes. */
    async function busy(): Promise<void> {
      await sleep(90);
      atEndOfTick({ flush() {} });
      work(2);
      await turn();
      await sleep(5);
    }

    async function keepsTickWhole(): Promise<void> {
      const flushed: string[] = [];
      atEndOfTick({ flush: () => flushed.push('a') });
      await callback();
      expect(flushed).to.deep.equal([]);
      await turn();
      expect(flushed).to.deep.equal(['a']);
    }

    it('should end a tick with the callback that it began in, as a poll may take ten times as long as the flush', async () => {
      await busy();
      const order: string[] = [];
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          setImmediate(() => {
            order.push('turn');
            resolve();
          });
          atEndOfTick({ flush: () => order.push('flush') });
          order.push('callback');
          Promise.resolve().then(() => order.push('what it awaits'));
        });
      });
      expect(order).to.deep.equal(['callback', 'what it awaits', 'flush', 'turn']);
    });

    it('should flush all that a callback brings at once', async () => {
      await busy();
      const flushed: string[] = [];
      atEndOfTick({ flush: () => flushed.push('a') });
      for (let times = 0; times < 5; times += 1) await Promise.resolve();
      atEndOfTick({ flush: () => flushed.push('b') });
      expect(flushed).to.deep.equal([]);
      await callback();
      expect(flushed).to.deep.equal(['a', 'b']);
    });

    it('should leave eight times as long between early flushes as they take: one more costs each client a write', async () => {
      await busy();
      const flushed: string[] = [];
      const flushing = (name: string) => ({
        flush() {
          work(2);
          flushed.push(name);
        },
      });
      atEndOfTick(flushing('early'));
      await callback();
      atEndOfTick(flushing('in time'));
      await callback();
      expect(flushed).to.deep.equal(['early']);
      await turn();
      expect(flushed).to.deep.equal(['early', 'in time']);
      work(20);
      atEndOfTick(flushing('early again'));
      await callback();
      expect(flushed).to.deep.equal(['early', 'in time', 'early again']);
    });

    it('should let the event loop turn all the same when each flush is answered by more to flush', async () => {
      await busy();
      let flushes = 0;
      const answered = {
        flush() {
          flushes += 1;
          if (flushes < 20) {
            process.nextTick(() => {
              work(1);
              atEndOfTick(answered);
            });
          }
        },
      };
      atEndOfTick(answered);
      while (flushes < 20) {
        const before = flushes;
        await turn();
        // That of the turn, and an early one before and after it.
        expect(flushes - before).to.be.at.most(3);
      }
    });

    it('should let the event loop turn when much is late, and not go on with the rest at once', async () => {
      await busy();
      let flushed = 0;
      const flushing = {
        flush() {
          work(0.1);
          flushed += 1;
        },
      };
      for (let n = 0; n < 400; n += 1) atEndOfTick(flushing);
      work(2);
      flushLate(clock());
      const late = flushed;
      expect(late).to.be.lessThan(400);
      await callback();
      expect(flushed).to.equal(late);
      while (flushed < 400) await turn();
    });

    it('should not take its own work in a turn for that', async () => {
      await calm();
      atEndOfTick({
        flush: () =>
          afterFlushes({
            pull() {
              atEndOfTick({ flush() {} });
              work(3);
            },
          }),
      });
      await turn();
      await turn();
      await sleep(5);
      await keepsTickWhole();
    });

    it('should keep ticks whole when that was a while ago', async () => {
      await busy();
      await calm();
      await keepsTickWhole();
    });
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
