import { expect } from 'chai';
import fc from 'fast-check';
import { Gap, type OverflowPolicy, onBackpressureBuffer, TornadoseError } from 'tornadose';
import { heldBack } from '../support/heldBack.ts';
import { gate, marbles, noting } from '../support/marbles.ts';
import { thrown } from '../support/thrown.ts';

const overflowed = (limit: number, unit: string, waiting: number): TornadoseError =>
  new TornadoseError('ERR_OVERFLOW', `Expected at most ${limit} ${unit} to wait for a client, got ${waiting}`, {
    limit,
    unit: unit as 'bytes',
    waiting,
  });

describe('onBackpressureBuffer', () => {
  it('should keep what comes while not ready, in order', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const e1 = hot('       -a-b-c------d-e|');
      const e1subs = '       ^--------------!';
      const ready = hot('    --f----t-------', gate);
      const expected = '     -a-----(bc)-d-e|';
      expectObservable(e1.pipe(onBackpressureBuffer<string>()(ready))).toBe(expected);
      expectSubscriptions(e1.subscriptions).toBe(e1subs);
    });
  });

  it('should complete after what waits', () => {
    marbles(({ hot, expectObservable }) => {
      const e1 = hot('       -a-b-c|');
      const ready = hot('    --f----t----', gate);
      const expected = '     -a-----(bc|)';
      expectObservable(e1.pipe(onBackpressureBuffer<string>()(ready))).toBe(expected);
    });
  });

  describe('overflow', () => {
    it('should fail at the value that is too many, and let go of its source', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const e1 = hot('       -a-b-c-d-e|');
        const e1subs = '       ^------!';
        const ready = hot('    --f--------t', gate);
        const expected = '     -a-----#';
        const strategy = onBackpressureBuffer<string>({ maxCount: 2 });
        expectObservable(e1.pipe(strategy(ready))).toBe(expected, undefined, overflowed(2, 'events', 3));
        expectSubscriptions(e1.subscriptions).toBe(e1subs);
      });
    });

    it('should let the oldest go with dropOldest', () => {
      const outlet = noting();
      marbles(({ hot, expectObservable }) => {
        const e1 = hot('       -a-b-c-d-e-----|');
        const ready = hot('    --f--------t----', gate);
        const expected = '     -a---------(de)|';
        const strategy = onBackpressureBuffer<string>({ maxCount: 2, overflow: 'dropOldest' });
        expectObservable(e1.pipe(strategy(ready, outlet))).toBe(expected);
      });
      expect(outlet.drops).to.deep.equal(['b: oldest', 'c: oldest']);
    });

    it('should let the incoming one go with dropNewest', () => {
      const outlet = noting();
      marbles(({ hot, expectObservable }) => {
        const e1 = hot('       -a-b-c-d-e-----|');
        const ready = hot('    --f--------t----', gate);
        const expected = '     -a---------(bc)|';
        const strategy = onBackpressureBuffer<string>({ maxCount: 2, overflow: 'dropNewest' });
        expectObservable(e1.pipe(strategy(ready, outlet))).toBe(expected);
      });
      expect(outlet.drops).to.deep.equal(['d: newest', 'e: newest']);
    });
  });

  const held = (values: readonly unknown[], options: object, waiting = 0) =>
    heldBack(onBackpressureBuffer<unknown>(options), values, waiting);

  describe('limits', () => {
    it('should count bytes', () => {
      expect(held(['aaaa', 'bbbb', 'cc'], { maxBytes: 10 })).to.deep.include({ output: ['aaaa', 'bbbb', 'cc'] });
      expect(held(['aaaa', 'bbbb', 'ccc'], { maxBytes: 10 }).failure).to.deep.equal(overflowed(10, 'bytes', 11));
    });

    it('should count what waits in the outbox and the socket as well', () => {
      expect(held(['aaaa'], { maxBytes: 10 }, 6).output).to.deep.equal(['aaaa']);
      expect(held(['aaaa'], { maxBytes: 10 }, 7).failure).to.deep.equal(overflowed(10, 'bytes', 11));
    });

    it('should take an event larger than the limit where nothing waits, and nothing beside it', () => {
      expect(held(['a'.repeat(20)], { maxBytes: 10 }).output).to.deep.equal(['a'.repeat(20)]);
      expect(held(['a'.repeat(20), 'b'], { maxBytes: 10 }).failure).to.deep.equal(overflowed(10, 'bytes', 21));
      expect(held(['a'.repeat(20)], { maxBytes: 10 }, 1).failure).to.deep.equal(overflowed(10, 'bytes', 21));
    });

    it('should make as much room as is needed with dropOldest, and no more', () => {
      expect(held(['aaa', 'bbb', 'ccc', 'dddd'], { maxBytes: 10, overflow: 'dropOldest' })).to.deep.include({
        output: ['bbb', 'ccc', 'dddd'],
        drops: ['aaa: oldest'],
      });
    });

    it('should let a larger event take the place of all with dropOldest', () => {
      expect(held(['aaa', 'bbb', 'c'.repeat(20)], { maxBytes: 10, overflow: 'dropOldest' })).to.deep.include({
        output: ['c'.repeat(20)],
        drops: ['aaa: oldest', 'bbb: oldest'],
      });
    });

    it('should not let the older ones go for one that has no room without them either', () => {
      expect(held(['aa', 'bb', 'ccccc'], { maxBytes: 10, overflow: 'dropOldest' }, 6)).to.deep.include({
        output: ['aa', 'bb'],
        drops: ['ccccc: newest'],
      });
    });
  });

  describe('notices', () => {
    const gap = (log: string): Gap => new Gap({ reason: 'disconnected', log });

    it('should stay when the oldest go, in their place', () => {
      const [first, second] = [gap('first'), gap('second')];
      const { output, drops } = held(['a', first, 'b', second, 'c', 'd'], { maxCount: 4, overflow: 'dropOldest' });
      expect(output).to.deep.equal([first, second, 'c', 'd']);
      expect(drops).to.deep.equal(['a: oldest', 'b: oldest']);
    });

    it('should not be the incoming one that goes, but end the client', () => {
      const { failure, drops } = held(['a', 'b', gap('x')], { maxCount: 2, overflow: 'dropNewest' });
      expect(failure).to.deep.equal(overflowed(2, 'events', 3));
      expect(drops).to.deep.equal([]);
    });

    it('should end the client with dropOldest only where there is nothing else left to drop', () => {
      const last = gap('last');
      expect(held(['a', 'b', last], { maxCount: 2, overflow: 'dropOldest' })).to.deep.include({ output: ['b', last] });
      expect(held([gap('a'), gap('b'), gap('c')], { maxCount: 2, overflow: 'dropOldest' }).failure).to.deep.equal(
        overflowed(2, 'events', 3),
      );
    });

    it('should let a value go that finds nothing but notices with dropOldest', () => {
      const { drops, failure } = held([gap('a'), gap('b'), 'c'], { maxCount: 2, overflow: 'dropOldest' });
      expect(failure).to.equal(undefined);
      expect(drops).to.deep.equal(['c: newest']);
    });
  });

  it('should do what a plain array would', () => {
    const values = fc.array(fc.string({ unit: fc.constantFrom('x'), maxLength: 8 }), { maxLength: 30, size: 'max' });
    const policies = fc.constantFrom<OverflowPolicy>('error', 'dropOldest', 'dropNewest');
    const numbers = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 40 }), fc.nat(20));
    fc.assert(
      fc.property(values, policies, numbers, (texts, overflow, [maxCount, maxBytes, waiting]) => {
        const all = texts.map((text, index) => `${index}${text}`);
        const kept: string[] = [];
        const drops: string[] = [];
        let failed = false;
        const size = (list: string[]): number => list.join('').length;
        const fits = (list: string[], value: string): boolean => {
          const before = size(list) + waiting;
          return list.length < maxCount && (before === 0 || before + value.length <= maxBytes);
        };
        for (const value of all) {
          if (overflow === 'dropOldest' && fits([], value))
            while (!fits(kept, value)) drops.push(`${kept.shift()}: oldest`);
          if (fits(kept, value)) kept.push(value);
          else if (overflow !== 'error') drops.push(`${value}: newest`);
          else failed = true;
          if (failed) break;
        }
        const result = held(all, { maxCount, maxBytes, overflow }, waiting);
        expect(result.drops).to.deep.equal(drops);
        expect(TornadoseError.is(result.failure, 'ERR_OVERFLOW')).to.equal(failed);
        expect(result.output).to.deep.equal(failed ? [] : kept);
      }),
      { numRuns: 500 },
    );
  });

  it('should refuse wrong options at the door', () => {
    const refused = (options: object): string => thrown(() => onBackpressureBuffer(options)).message;
    expect(refused({ maxBytes: -1 })).to.equal('Expected `maxBytes` to be a positive integer, got `-1` (number)');
    expect(refused({ maxCount: 0 })).to.include('`maxCount` to be a positive integer');
    expect(refused({ maxCount: Number.POSITIVE_INFINITY })).to.include('`maxCount`');
    expect(refused({ overflow: 'oldest' })).to.equal(
      "Expected `overflow` to be 'error' or 'dropOldest' or 'dropNewest', got `\"oldest\"` (string)",
    );
    expect(refused({ maxbytes: 1 })).to.include('got `maxbytes`');
    expect(refused(null as unknown as object)).to.include('given an object of options');
  });
});
