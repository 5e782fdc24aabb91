import { expect } from 'chai';
import { DeliveryLog, orderOf } from './DeliveryLog.ts';
import { type Entry, written } from './written.ts';

const logOf = (...entries: readonly Entry[]): DeliveryLog => written(new DeliveryLog(), entries);
const none = { lost: 0, silent: 0, duplicated: 0, noticed: 0, reordered: 0 };

describe('DeliveryLog', () => {
  it('should find no fault with all of it in order, whatever else came', () => {
    expect(logOf(1, 2, 7, 3).verdict([1, 2, 3], [1, 2, 3])).to.deep.equal({ ...none, delivered: 3 });
  });

  it('should count what is missing, and what is missing where the client was not told', () => {
    expect(logOf(1, 4).verdict([1, 2, 3, 4], [1, 2, 3, 4])).to.deep.equal({
      ...none,
      delivered: 2,
      lost: 2,
      silent: 2,
    });
    expect(logOf(1, 'notice', 4).verdict([1, 2, 3, 4], [1, 2, 3, 4])).to.include({ lost: 2, silent: 0 });
    expect(logOf('notice', 1, 4).verdict([1, 2, 3, 4], [1, 2, 3, 4])).to.include({ lost: 2, silent: 2 });
    expect(logOf(1, 2, 'notice').verdict([1, 2, 3, 4], [1, 2, 3, 4])).to.include({ lost: 2, silent: 0 });
  });

  it('should not ask for what was not acknowledged', () => {
    expect(logOf(1, 3).verdict([1, 3], [1, 2, 3])).to.deep.equal({ ...none, delivered: 2 });
  });

  it('should count what comes again, and what comes late', () => {
    expect(logOf(1, 2, 2, 'notice', 1).verdict([1, 2], [1, 2])).to.include({ duplicated: 2, noticed: 1, reordered: 0 });
    expect(logOf(2, 1, 3).verdict([1, 2, 3], [1, 2, 3])).to.include({ duplicated: 0, reordered: 1, lost: 0 });
    expect(logOf(2, 1, 3).verdict([1, 2, 3], [2, 1, 3])).to.include({ reordered: 0 });
  });
});

describe('orderOf', () => {
  it('should put what Redis has lost after what it acknowledged before', () => {
    expect(orderOf([1, 2, 5], [1, 2, 3, 4, 5])).to.deep.equal([1, 2, 3, 4, 5]);
    expect(orderOf([2, 1], [0, 1, 2, 3])).to.deep.equal([0, 2, 3, 1]);
  });
});
