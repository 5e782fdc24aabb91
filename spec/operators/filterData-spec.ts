import { filterData, Gap, Message } from 'tornadose';
import { marbles } from '../support/marbles.ts';

describe('filterData', () => {
  const values = {
    a: new Message({ data: 1 }),
    b: new Message({ data: 2, id: 'b' }),
    g: new Gap({ reason: 'trimmed' }),
  };

  it('should filter by the data, and let every gap pass', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const e1 = hot('       -a-g-b-a-b|', values);
      const e1subs = '       ^---------!';
      const expected = '     ---g-b---b|';
      expectObservable(e1.pipe(filterData((n: number) => n > 1))).toBe(expected, values);
      expectSubscriptions(e1.subscriptions).toBe(e1subs);
    });
  });

  it('should fail with what the predicate throws, and with its source', () => {
    const error = new Error('no');
    const fails = filterData(() => {
      throw error;
    });
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('-g-a-b|', values).pipe(fails)).toBe('-g-#', values, error);
      expectObservable(hot('-a-#', values).pipe(filterData(() => true))).toBe('-a-#', values);
    });
  });
});
