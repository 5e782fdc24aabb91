import { expect } from 'chai';
import { EventLog } from './EventLog.ts';
import { type Entry, written } from './written.ts';

const logOf = (...entries: readonly Entry[]): EventLog => written(new EventLog(), entries);

describe('EventLog', () => {
  it('should find no fault with a contiguous run from the first to the last', () => {
    expect(logOf(7, 8, 9).faults(7, 9)).to.equal(0);
  });

  it('should find what is missing, what comes again and what comes late', () => {
    expect(logOf(1, 2, 5)).to.include({ holes: 2, repeats: 0 });
    expect(logOf(1, 2, 2)).to.include({ holes: 0, repeats: 1 });
    expect(logOf(1, 3, 2)).to.include({ holes: 1, repeats: 1 });
    expect(logOf(1, Number.NaN)).to.include({ repeats: 1 });
  });

  it('should find a wrong beginning, a wrong end, and nothing at all', () => {
    expect([logOf(1, 2).faults(0, 2), logOf(1, 2).faults(1, 3), logOf().faults(0, 1)]).to.deep.equal([1, 1, 2]);
  });

  it('should allow a hole where a notice was, and no other', () => {
    expect(logOf(1, 'notice', 5, 6)).to.deep.include({ holes: 0, notices: ['trimmed'] });
    expect(logOf(1, 'notice', 2, 6)).to.include({ holes: 3 });
  });
});
