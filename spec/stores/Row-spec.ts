import { expect } from 'chai';
import fc from 'fast-check';
import { Row } from '../../src/stores/Row.ts';

describe('Row', () => {
  it('should number its entries from 1 on, whatever comes and goes', () => {
    const step = fc.constantFrom('push', 'push', 'push', 'shift', 'shift', 'clear');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const row = new Row<number>();
        let [start, end] = [0, 0];
        for (const each of steps) {
          if (each === 'push') {
            end += 1;
            row.push(end);
          } else if (each === 'clear') {
            start = end;
            row.clear();
          } else if (start < end) {
            start += 1;
            expect(row.shift()).to.equal(start);
          }
          expect(row).to.include({ start, end, size: end - start, first: start < end ? start + 1 : undefined });
          if (start < end) expect([row.at(start + 1), row.at(end)]).to.deep.equal([start + 1, end]);
        }
      }),
    );
  });

  it('should keep its numbers while a thousand pass through it', () => {
    const row = new Row<number>();
    for (let n = 1; n <= 1_000; n += 1) {
      row.push(n);
      if (n > 10) expect(row.shift()).to.equal(n - 10);
      expect(row.at(n)).to.equal(n);
    }
    expect(row).to.include({ start: 990, end: 1_000, size: 10 });
  });
});
