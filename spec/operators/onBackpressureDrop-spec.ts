import { expect } from 'chai';
import { Subject } from 'rxjs';
import { Gap, onBackpressureDrop } from 'tornadose';
import { gate, marbles, noting } from '../support/marbles.ts';

describe('onBackpressureDrop', () => {
  it('should let go of what comes while not ready, and report each', () => {
    const outlet = noting();
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const e1 = hot('       -a-b-c---d-e|');
      const e1subs = '       ^-----------!';
      const ready = hot('    --f----t-----', gate);
      const expected = '     -a-------d-e|';
      expectObservable(e1.pipe(onBackpressureDrop<string>()(ready, outlet))).toBe(expected);
      expectSubscriptions(e1.subscriptions).toBe(e1subs);
    });
    expect(outlet.drops).to.deep.equal(['b: not-ready', 'c: not-ready']);
  });

  it('should complete and fail at once, as nothing waits', () => {
    marbles(({ hot, expectObservable }) => {
      const ready = hot('           --f-------', gate);
      expectObservable(hot('-a-b-c|').pipe(onBackpressureDrop<string>()(ready))).toBe('-a----|');
      expectObservable(hot('-a-b-c#').pipe(onBackpressureDrop<string>()(ready))).toBe('-a----#');
    });
  });

  it('should keep notices, in order, and hold back the end for them', () => {
    const values = { a: 'a', b: 'b', g: new Gap({ reason: 'trimmed' }), h: new Gap({ reason: 'expired' }) };
    marbles(({ hot, expectObservable }) => {
      const e1 = hot('       -a-g-b-h|', values);
      const ready = hot('    --f-------t', gate);
      const expected = '     -a--------(gh|)';
      expectObservable(e1.pipe(onBackpressureDrop<unknown>()(ready))).toBe(expected, values);
    });
  });

  it('should end the client when notices alone are too many', () => {
    const source = new Subject<unknown>();
    const ready = new Subject<boolean>();
    const drops: unknown[] = [];
    const outlet = { bytesOf: () => 1024, waiting: 0, dropped: (value: unknown) => drops.push(value) };
    let failure: unknown;
    source.pipe(onBackpressureDrop()(ready, outlet)).subscribe({
      error: (error) => {
        failure = error;
      },
    });
    ready.next(false);
    for (let i = 0; i < 1024; i += 1) source.next(new Gap({ reason: 'disconnected' }));
    expect(failure).to.equal(undefined);
    source.next(new Gap({ reason: 'disconnected' }));
    expect(failure).to.include({ code: 'ERR_OVERFLOW', limit: 1024 * 1024, unit: 'bytes' });
    expect(drops).to.deep.equal([]);
  });
});
