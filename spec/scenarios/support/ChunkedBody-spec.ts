import { expect } from 'chai';
import { ChunkedBody } from './ChunkedBody.ts';

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
