import { expect } from 'chai';
import fc from 'fast-check';
import { Subject } from 'rxjs';
import { Gap, Message, onBackpressureReduce, TornadoseError } from 'tornadose';
import { heldBack } from '../support/heldBack.ts';
import { gate, marbles } from '../support/marbles.ts';
import { thrown } from '../support/thrown.ts';

const join = (held: unknown, incoming: unknown): unknown => `${held}${incoming}`;

const held = (values: readonly unknown[], fn: typeof join = join, options: object = {}, waiting = 0) =>
  heldBack(onBackpressureReduce<unknown>(fn, options), values, waiting);

describe('onBackpressureReduce', () => {
  it('should merge what comes while not ready into one', () => {
    const values = { a: 1, b: 2, c: 3, d: 4, e: 5, x: 5 };
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const e1 = hot('       -a-b-c---d-e|', values);
      const e1subs = '       ^-----------!';
      const ready = hot('    --f----t-----', gate);
      const expected = '     -a-----x-d-e|';
      const sum = onBackpressureReduce<number>((held, incoming) => held + incoming);
      expectObservable(e1.pipe(sum(ready))).toBe(expected, values);
      expectSubscriptions(e1.subscriptions).toBe(e1subs);
    });
  });

  it('should release what it merged before the end, and fail after it too', () => {
    marbles(({ hot, expectObservable }) => {
      const ready = hot('           --f----t', gate);
      const merge = onBackpressureReduce<string>((a, b) => a + b)(ready);
      expectObservable(hot('-a-b-c|').pipe(merge)).toBe('-a-----(x|)', { a: 'a', x: 'bc' });
      expectObservable(hot('-a-b-c#').pipe(merge)).toBe('-a-----(x#)', { a: 'a', x: 'bc' });
    });
  });

  it('should not call the function for a single value, nor carry one time over to the next', () => {
    const calls: unknown[] = [];
    marbles(({ hot, expectObservable }) => {
      const e1 = hot('       -a---b-c---d|');
      const ready = hot('    f--tf----t---', gate);
      const expected = '     ---a-----x-d|';
      const merge = onBackpressureReduce<string>((a, b) => {
        calls.push([a, b]);
        return a + b;
      });
      expectObservable(e1.pipe(merge(ready))).toBe(expected, { a: 'a', d: 'd', x: 'bc' });
    });
    expect(calls).to.deep.equal([['b', 'c']]);
  });

  it('should drop nothing, as merging is what was asked for', () => {
    expect(held(['a', 'b', 'c'])).to.deep.equal({ output: ['abc'], failure: undefined, drops: [] });
  });

  describe('messages', () => {
    const message = (data: string, fields: object = {}): Message => new Message({ data, ...fields });

    it('should see the data, and keep the newest name, id and retry', () => {
      const { output } = held([
        message('a', { id: '1', event: 'first', retry: 100 }),
        message('b', { id: '2', event: 'second', retry: 200 }),
      ]);
      expect(output).to.deep.equal([message('ab', { id: '2', event: 'second', retry: 200 })]);
    });

    it('should keep the newest id there is, so that a client that comes back is not given again what it has', () => {
      const { output } = held([message('a', { id: '1' }), message('b', { id: '2' }), message('c')]);
      expect(output).to.deep.equal([message('abc', { id: '2' })]);
      const [mixed] = held([message('a', { id: '7' }), 'b']).output;
      expect(mixed).to.deep.equal(message('ab', { id: '7' }));
    });

    it('should leave what it merges as it was', () => {
      const first = message('a', { id: '1' });
      held([first, message('b')]);
      expect(first.data).to.equal('a');
    });
  });

  it('should never merge a notice, nor anything across one', () => {
    const gap = new Gap({ reason: 'disconnected' });
    expect(held(['a', 'b', gap, gap, 'c', 'd', gap]).output).to.deep.equal(['ab', gap, gap, 'cd', gap]);
    expect(held([gap, 'a', 'b']).output).to.deep.equal([gap, 'ab']);
  });

  it('should end the client with what the function throws', () => {
    const error = new TypeError('cannot be added');
    const { failure } = held(['a', 'b'], () => {
      throw error;
    });
    expect(failure).to.equal(error);
  });

  describe('limits', () => {
    it('should not take many small changes for much, when they make little together', () => {
      const values = Array.from({ length: 1000 }, () => 'x'.repeat(10));
      expect(held(values, (_, incoming) => incoming, { maxBytes: 100 }).output).to.deep.equal(['x'.repeat(10)]);
    });

    it('should end the client when what was merged is too large', () => {
      const { failure } = held(['a'.repeat(60), 'b'.repeat(60)], join, { maxBytes: 100 });
      expect(failure).to.be.instanceOf(TornadoseError);
      expect(failure).to.include({ code: 'ERR_OVERFLOW', limit: 100, unit: 'bytes', waiting: 120 });
    });

    it('should count what waits in the outbox and the socket, within the eighth', () => {
      const values = Array.from({ length: 100 }, () => 'x'.repeat(10));
      const { output, failure } = held(values, join, { maxBytes: 1000 }, 900);
      expect(failure).to.include({ code: 'ERR_OVERFLOW', limit: 1000 });
      expect(output).to.deep.equal([]);
    });

    it('should take a value larger than the limit where nothing waits', () => {
      expect(held(['a'.repeat(200)], join, { maxBytes: 100 }).output).to.deep.equal(['a'.repeat(200)]);
      const gap = new Gap({ reason: 'disconnected' });
      expect(held([gap, 'a'.repeat(200)], join, { maxBytes: 100 }).failure).to.include({ limit: 100 });
    });
  });

  it('should lose nothing, whenever the client takes something', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 60, size: 'max' });
    fc.assert(
      fc.property(steps, (all) => {
        const ready = new Subject<boolean>();
        const source = new Subject<number[]>();
        const output: number[] = [];
        source.pipe(onBackpressureReduce<number[]>((a, b) => [...a, ...b])(ready)).subscribe((value) => {
          output.push(...value);
          ready.next(false);
        });
        for (const [index, [takes, twice]] of all.entries()) {
          if (takes) ready.next(true);
          source.next([index]);
          if (twice) ready.next(true);
        }
        ready.next(true);
        ready.next(true);
        expect(output).to.deep.equal(all.map((_, index) => index));
      }),
      { numRuns: 300 },
    );
  });

  it('should refuse wrong options at the door', () => {
    const refused = (...args: unknown[]): string =>
      thrown(() => onBackpressureReduce(...(args as [typeof join]))).message;
    expect(refused()).to.equal('Expected `fn` to be a function, got `undefined` (undefined)');
    expect(refused({})).to.include('`fn` to be a function');
    expect(refused(join, { maxBytes: 1.5 })).to.include('`maxBytes` to be a positive integer');
    expect(refused(join, { maxBites: 1 })).to.include('got `maxBites`');
  });

  it('should refuse a limit that it does not have', () => {
    expect(thrown(() => onBackpressureReduce(join, { maxCount: 5 } as object)).message).to.include('got `maxCount`');
  });
});
