import { expect } from 'chai';
import fc from 'fast-check';
import { Subject } from 'rxjs';
import { Gap, Message, onBackpressureLatest, TornadoseError } from 'tornadose';
import { heldBack } from '../support/heldBack.ts';
import { gate, marbles, noting } from '../support/marbles.ts';
import { thrown } from '../support/thrown.ts';

const letter = (text: unknown): string => (text as string).charAt(0);

const held = (values: readonly unknown[], options: object = {}, waiting = 0) =>
  heldBack(onBackpressureLatest<unknown>(options), values, waiting);

describe('onBackpressureLatest', () => {
  it('should keep the newest while not ready, and report those that it replaced', () => {
    const outlet = noting();
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const e1 = hot('       -a-b-c---d-e|');
      const e1subs = '       ^-----------!';
      const ready = hot('    --f----t-----', gate);
      const expected = '     -a-----c-d-e|';
      expectObservable(e1.pipe(onBackpressureLatest<string>()(ready, outlet))).toBe(expected);
      expectSubscriptions(e1.subscriptions).toBe(e1subs);
    });
    expect(outlet.drops).to.deep.equal(['b: replaced']);
  });

  it('should release the last value before the end, and fail after it too', () => {
    marbles(({ hot, expectObservable }) => {
      const ready = hot('           --f----t', gate);
      const latest = onBackpressureLatest<string>()(ready);
      expectObservable(hot('-a-b-c|').pipe(latest)).toBe('-a-----(c|)');
      expectObservable(hot('-a-b-c#').pipe(latest)).toBe('-a-----(c#)');
    });
  });

  it('should keep nothing of one time for the next', () => {
    marbles(({ hot, expectObservable }) => {
      const e1 = hot('       -a-b-c-d-e-f-g|');
      const ready = hot('    f---t-f---t----', gate);
      const expected = '     ----bc----ef-g|';
      expectObservable(e1.pipe(onBackpressureLatest<string>()(ready))).toBe(expected);
    });
  });

  describe('key', () => {
    it('should keep the newest of each key, in order of arrival: a replaced key moves to the end', () => {
      const outlet = noting();
      const values = { a: 'a1', b: 'b1', c: 'c1', d: 'a2' };
      marbles(({ hot, expectObservable }) => {
        const e1 = hot('       -a-b-c-d---------|', values);
        const ready = hot('    f--------t--------', gate);
        const expected = '     ---------(bcd)---|';
        const strategy = onBackpressureLatest<string>({ key: letter });
        expectObservable(e1.pipe(strategy(ready, outlet))).toBe(expected, values);
      });
      expect(outlet.drops).to.deep.equal(['a1: replaced']);
    });

    it('should go on in order when keys are replaced while others are released', () => {
      const ready = new Subject<boolean>();
      const source = new Subject<string>();
      const seen: string[] = [];
      source.pipe(onBackpressureLatest<string>({ key: letter })(ready)).subscribe((value) => {
        seen.push(value);
        // b moves behind c, and a, which has gone already, to the end.
        if (value === 'a1') for (const next of ['b2', 'a2']) source.next(next);
      });
      ready.next(false);
      for (const value of ['a1', 'b1', 'c1']) source.next(value);
      ready.next(true);
      expect(seen).to.deep.equal(['a1', 'c1', 'b2', 'a2']);
    });

    it('should take any value as a key, those too that are not equal to themselves', () => {
      const keys = [undefined, null, Number.NaN, Number.NaN, '', 0, {}, undefined];
      let index = 0;
      const { output, drops } = held([...'abcdefgh'], { key: () => keys[index++] });
      expect(output).to.deep.equal([...'bdefgh']);
      expect(drops).to.deep.equal(['c: replaced', 'a: replaced']);
    });

    it('should see the data of messages', () => {
      const [one, other] = [1, 2].map((n) => new Message({ data: { n, key: 'k' }, id: `${n}` }));
      const { output } = held([one, other, { n: 3, key: 'l' }], { key: ({ key }: { key: string }) => key });
      expect(output).to.deep.equal([other, { n: 3, key: 'l' }]);
    });

    it('should end the client with what it throws', () => {
      const error = new TypeError('no such key');
      const { failure } = held(['a'], {
        key: () => {
          throw error;
        },
      });
      expect(failure).to.equal(error);
    });
  });

  describe('limits', () => {
    it('should end the client when there are more keys than may wait', () => {
      expect(held(['a', 'b', 'a'], { key: letter, maxCount: 2 }).output).to.deep.equal(['b', 'a']);
      const { failure } = held(['a', 'b', 'c'], { key: letter, maxCount: 2 });
      expect(failure).to.be.instanceOf(TornadoseError);
      expect(failure).to.include({ code: 'ERR_OVERFLOW', limit: 2, unit: 'events', waiting: 3 });
    });

    it('should count bytes, and what waits in the outbox and the socket, but not what it replaces', () => {
      expect(held(['a123', 'b12', 'a12345'], { key: letter, maxBytes: 10 }, 1).output).to.deep.equal(['b12', 'a12345']);
      expect(held(['a123', 'b12', 'a123456'], { key: letter, maxBytes: 10 }, 1).failure).to.include({
        limit: 10,
        unit: 'bytes',
        waiting: 11,
      });
    });

    it('should always have a place for the newest where there are no keys', () => {
      expect(held(['a', 'b'.repeat(100)], { maxBytes: 10, maxCount: 1 }, 50).output).to.deep.equal(['b'.repeat(100)]);
    });
  });

  it('should never replace a notice, nor let anything pass it', () => {
    const [first, second] = [1, 2].map((n) => new Gap({ reason: 'disconnected', log: `${n}` }));
    const { output, drops } = held(['a1', first, 'b1', 'a2', second, 'b2'], { key: letter });
    expect(output).to.deep.equal([first, 'a2', second, 'b2']);
    expect(drops).to.deep.equal(['a1: replaced', 'b1: replaced']);
    expect(held(['a', first, 'b', second]).output).to.deep.equal([first, 'b', second]);
  });

  it('should do what a plain array would', () => {
    const values = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.boolean()), {
      maxLength: 40,
      size: 'max',
    });
    fc.assert(
      fc.property(values, (all) => {
        // The second of each pair says whether the client takes one before it comes.
        const kept: string[] = [];
        const expected: string[] = [];
        const output: string[] = [];
        const ready = new Subject<boolean>();
        const source = new Subject<string>();
        source.pipe(onBackpressureLatest<string>({ key: letter })(ready)).subscribe((value) => {
          output.push(value);
          ready.next(false);
        });
        ready.next(false);
        for (const [index, [key, takes]] of all.entries()) {
          if (takes && kept.length > 0) {
            expected.push(kept.shift() as string);
            ready.next(true);
          }
          const same = kept.findIndex((each) => letter(each) === key);
          if (same >= 0) kept.splice(same, 1);
          kept.push(`${key}${index}`);
          source.next(`${key}${index}`);
        }
        while (kept.length > 0) {
          expected.push(kept.shift() as string);
          ready.next(true);
        }
        expect(output).to.deep.equal(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('should refuse wrong options at the door', () => {
    const refused = (options: object): string => thrown(() => onBackpressureLatest(options)).message;
    expect(refused({ key: 'symbol' })).to.equal('Expected `key` to be a function, got `"symbol"` (string)');
    expect(refused({ maxBytes: 0 })).to.include('`maxBytes` to be a positive integer');
    expect(refused({ overflow: 'error' })).to.include('got `overflow`');
  });
});
