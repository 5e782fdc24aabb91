import { expect } from 'chai';
import { marked, markReader, now, seqOf, timeOf } from './marks.ts';

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
