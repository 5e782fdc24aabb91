import { expect } from 'chai';
import { of, toArray } from 'rxjs';
import { Gap, Message, mapData } from 'tornadose';
import { marbles } from '../support/marbles.ts';

describe('mapData', () => {
  const values = {
    a: new Message({ data: 1, id: 'a', event: 'e', retry: 100 }),
    b: new Message({ data: 2, id: 'b' }),
    g: new Gap({ reason: 'trimmed' }, 'g'),
    x: new Message({ data: 10, id: 'a', event: 'e', retry: 100 }),
    y: new Message({ data: 20, id: 'b' }),
  };
  const times10 = mapData((n: number) => n * 10);

  it('should map the data, keep event, id and retry, and let a gap pass', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const e1 = hot('       -a-g-b-|', values);
      const e1subs = '       ^------!';
      const expected = '     -x-g-y-|';
      expectObservable(e1.pipe(times10)).toBe(expected, values);
      expectSubscriptions(e1.subscriptions).toBe(e1subs);
    });
  });

  it('should let the very same gap pass, and make new messages', () => {
    of(values.g, values.a)
      .pipe(times10, toArray())
      .subscribe(([gap, message]) => {
        expect(gap).to.equal(values.g);
        expect(message).to.be.instanceOf(Message).and.not.equal(values.a);
      });
    expect(values.a.data).to.equal(1);
  });

  it('should fail with what the function throws, and with its source', () => {
    const error = new Error('no');
    const fails = mapData((n: number) => {
      if (n === 2) throw error;
      return n;
    });
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const e1 = hot('       -a-b-a-|', values);
      const e1subs = '       ^--!';
      expectObservable(e1.pipe(fails)).toBe('-a-#', values, error);
      expectSubscriptions(e1.subscriptions).toBe(e1subs);
      expectObservable(hot('-a-#', values).pipe(times10)).toBe('-x-#', values);
    });
  });
});
