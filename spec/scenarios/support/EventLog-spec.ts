import { expect } from 'chai';
import { ChunkedBody } from './ChunkedBody.ts';
import { EventLog } from './EventLog.ts';
import { marked, markReader, now, seqOf, timeOf } from './marks.ts';

function logOf(...seqs: readonly (number | 'notice')[]): EventLog {
  const log = new EventLog();
  for (const seq of seqs) {
    if (seq === 'notice') log.notice();
    else log.take(seq);
  }
  return log;
}

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
    expect(logOf(1, 'notice', 5, 6)).to.include({ holes: 0 });
    expect(logOf(1, 'notice', 2, 6)).to.include({ holes: 3 });
  });
});

describe('markReader', () => {
  it('should read the marks wherever the parts begin and end', () => {
    const text = `data: ${marked(12, 64)}\n\ndata: ${marked(13, 64)}\n\n`;
    for (let cut = 0; cut <= text.length; cut += 1) {
      const seqs: number[] = [];
      const read = markReader((seq) => seqs.push(seq));
      read(Buffer.from(text.slice(0, cut)));
      read(Buffer.from(text.slice(cut)));
      expect(seqs).to.deep.equal([12, 13]);
    }
    expect(seqOf(marked(12, 64))).to.equal(12);
    expect(timeOf(marked(12, 64))).to.be.closeTo(now(), 1e6);
    expect(marked(12, 64)).to.have.length(64);
  });
});

describe('ChunkedBody', () => {
  it('should take the coding off wherever the parts begin and end', () => {
    const coded = '5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n';
    for (let cut = 0; cut <= coded.length; cut += 1) {
      let text = '';
      const body = new ChunkedBody((bytes) => {
        text += bytes;
      });
      body.write(Buffer.from(coded.slice(0, cut)));
      body.write(Buffer.from(coded.slice(cut)));
      expect([text, body.ended]).to.deep.equal(['hello world', true]);
    }
  });

  it('should refuse what is no chunk', () => {
    const body = new ChunkedBody(() => {});
    expect(() => body.write(Buffer.from('5\r\nhello!\r\n'))).to.throw('Expected the size of a chunk');
  });
});
