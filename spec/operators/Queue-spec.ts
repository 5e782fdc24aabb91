import { expect } from 'chai';
import fc from 'fast-check';
import { Queue } from '../../src/operators/Queue.ts';

describe('Queue', () => {
  it('should do what a plain array would', () => {
    const steps = fc.array(fc.oneof(fc.nat(99), fc.constant('shift' as const)), { maxLength: 200, size: 'max' });
    fc.assert(
      fc.property(steps, (all) => {
        const queue = new Queue<number>();
        const array: number[] = [];
        for (const step of all) {
          if (step !== 'shift') {
            queue.push(step, step);
            array.push(step);
          } else if (array.length > 0) {
            expect(queue.shift()).to.equal(array.shift());
          }
          expect(queue.size).to.equal(array.length);
          expect(queue.bytes).to.equal(array.reduce((sum, bytes) => sum + bytes, 0));
        }
      }),
    );
  });

  it('should keep items and sizes together when it gives back the places of what has left', () => {
    const queue = new Queue<number>();
    for (let i = 0; i < 10; i += 1) queue.push(i, i);
    for (let i = 10; i < 10_000; i += 1) {
      queue.push(i, i);
      if (queue.shift() !== i - 10) throw new Error(`Out of order at ${i}`);
    }
    expect([queue.size, queue.bytes]).to.deep.equal([10, 99_945]);
  });
});
