import { expect } from 'chai';
import { BehaviorSubject, NEVER, Observable, of, Subject, take, tap } from 'rxjs';
import { onBackpressureBuffer } from 'tornadose';
import { gate, marbles } from '../support/marbles.ts';

// The buffer shows what the loop that all strategies share does, as it lets nothing go.
const buffer = onBackpressureBuffer<string>();

describe('drain', () => {
  it('should be ready until the first word', () => {
    marbles(({ hot, expectObservable }) => {
      const e1 = hot('       -a-b-c-|');
      const expected = '     -a-b-c-|';
      expectObservable(e1.pipe(buffer(NEVER))).toBe(expected);
    });
  });

  it('should take the first word while it is subscribed', () => {
    marbles(({ hot, expectObservable }) => {
      const e1 = hot('       -a-b-c-|');
      const expected = '     --------';
      expectObservable(e1.pipe(buffer(new BehaviorSubject(false)))).toBe(expected);
    });
  });

  it('should hold back the end until what waits has gone', () => {
    marbles(({ hot, expectObservable }) => {
      const e1 = hot('       -a-b-c|');
      const ready = hot('    --f-------t', gate);
      const expected = '     -a--------(bc|)';
      expectObservable(e1.pipe(buffer(ready))).toBe(expected);
    });
  });

  it('should let go of its source when that ends, though values wait', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const e1 = hot('       -a-b-c|');
      const e2 = hot('       -a-b-c#');
      const subs = '         ^-----!';
      const ready = hot('    --f-------t', gate);
      expectObservable(e1.pipe(buffer(ready))).toBe('-a--------(bc|)');
      expectObservable(e2.pipe(buffer(ready))).toBe('-a--------(bc#)');
      expectSubscriptions(e1.subscriptions).toBe(subs);
      expectSubscriptions(e2.subscriptions).toBe(subs);
    });
  });

  it('should hold back an error until what waits has gone', () => {
    marbles(({ hot, expectObservable }) => {
      const e1 = hot('       -a-b-c#');
      const ready = hot('    --f-------t', gate);
      const expected = '     -a--------(bc#)';
      expectObservable(e1.pipe(buffer(ready))).toBe(expected);
    });
  });

  it('should end at once when nothing waits, ready or not', () => {
    marbles(({ hot, expectObservable }) => {
      const ready = hot('    --f-------t', gate);
      expectObservable(hot('-a---|').pipe(buffer(ready))).toBe('-a---|');
      expectObservable(hot('-a---#').pipe(buffer(ready))).toBe('-a---#');
    });
  });

  it('should take the same word twice for once', () => {
    marbles(({ hot, expectObservable }) => {
      const e1 = hot('       -a-b-c----d|');
      const ready = hot('    t-ff--tt----', gate);
      const expected = '     -a----(bc)d|';
      expectObservable(e1.pipe(buffer(ready))).toBe(expected);
    });
  });

  it('should unsubscribe from both when its subscriber leaves', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const e1 = hot('       -a-b-c-----|');
      const ready = hot('    --f------t--', gate);
      const subs = '         ^------!';
      const expected = '     -a------';
      expectObservable(e1.pipe(buffer(ready)), subs).toBe(expected);
      expectSubscriptions(e1.subscriptions).toBe(subs);
      expectSubscriptions(ready.subscriptions).toBe(subs);
    });
  });

  it('should unsubscribe from `ready` when it ends', () => {
    marbles(({ hot, expectSubscriptions, expectObservable }) => {
      const e1 = hot('       -a-|');
      const ready = hot('    -----------', gate);
      expectObservable(e1.pipe(buffer(ready))).toBe('-a-|');
      expectSubscriptions(ready.subscriptions).toBe('^--!');
    });
  });

  it('should go on with the last word when `ready` completes', () => {
    marbles(({ hot, expectObservable }) => {
      const ready = hot('    --f-t|', gate);
      expectObservable(hot('-a-b----c|').pipe(buffer(ready))).toBe('-a--b---c|');
    });
  });

  it('should stop a source that emits while it is subscribed, once its subscriber has enough', () => {
    let made = 0;
    const endless = new Observable<string>((subscriber) => {
      for (made = 1; !subscriber.closed && made < 1000; made += 1) subscriber.next(`${made}`);
    });
    const seen: string[] = [];
    endless.pipe(buffer(NEVER), take(3)).subscribe((value) => seen.push(value));
    expect(seen).to.deep.equal(['1', '2', '3']);
    expect(made).to.equal(4);
  });

  describe('when emitting changes things', () => {
    it('should stop as soon as what it lets go makes the client unready', () => {
      const ready = new BehaviorSubject(false);
      const seen: string[] = [];
      of('a', 'b', 'c')
        .pipe(
          buffer(ready),
          tap(() => ready.next(false)),
        )
        .subscribe({ next: (value) => seen.push(value), complete: () => seen.push('|') });
      for (const expected of ['a', 'ab', 'abc|']) {
        ready.next(true);
        expect(seen.join('')).to.equal(expected);
      }
    });

    it('should not overtake when the client is ready again before a value has arrived', () => {
      const ready = new BehaviorSubject(false);
      const seen: string[] = [];
      of('a', 'b', 'c', 'd')
        .pipe(
          buffer(ready),
          tap(() => {
            ready.next(false);
            ready.next(true);
          }),
        )
        .subscribe((value) => seen.push(value));
      ready.next(true);
      expect(seen.join('')).to.equal('abcd');
    });

    it('should queue what its source answers to what is let go', () => {
      const ready = new BehaviorSubject(false);
      const source = new Subject<string>();
      const seen: string[] = [];
      source.pipe(buffer(ready)).subscribe({
        next(value) {
          seen.push(value);
          if (value === 'a') source.next('d');
          if (value === 'b') source.complete();
        },
        complete: () => seen.push('|'),
      });
      for (const value of 'abc') source.next(value);
      ready.next(true);
      expect(seen.join('')).to.equal('abcd|');
    });

    it('should let each value arrive before the next one goes, also the last', () => {
      const ready = new BehaviorSubject(false);
      const source = new Subject<string>();
      let seen = '';
      source.pipe(buffer(ready)).subscribe((value) => {
        seen += value;
        if (value === 'a') source.next('b');
        seen += value.toUpperCase();
      });
      source.next('a');
      ready.next(true);
      expect(seen).to.equal('aAbB');
    });

    it('should let nothing go to a subscriber that leaves while things are let go', () => {
      const ready = new BehaviorSubject(false);
      const source = new Subject<string>();
      const seen: string[] = [];
      source.pipe(buffer(ready), take(2)).subscribe((value) => seen.push(value));
      for (const value of 'abcd') source.next(value);
      ready.next(true);
      expect(seen.join('')).to.equal('ab');
      expect([source.observed, ready.observed]).to.deep.equal([false, false]);
    });
  });
});
