import { expect } from 'chai';
import fc from 'fast-check';
import { Frame } from '../../src/encoding/Frame.ts';

describe('Frame', () => {
  it('should know its size in bytes, as a text and as bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const bytes = Buffer.from(text);
        const frame = new Frame(text, text);
        expect(frame.length).to.equal(bytes.length);
        expect(frame.text).to.equal(text);
        expect(bytes.equals(frame.bytes)).to.equal(true);
        expect(new Frame(text, bytes).length).to.equal(bytes.length);
      }),
    );
  });

  it('should make its bytes once', () => {
    const frame = new Frame('a', 'a');
    expect(frame.bytes).to.equal(frame.bytes);
    expect(frame.text).to.equal(undefined);
  });

  it('should tell a value that cannot be sent from one of which nothing is sent', () => {
    expect(new Frame(1n, undefined)).to.include({ isUnserialisable: true, length: 0 });
    expect(new Frame('', '')).to.include({ isUnserialisable: false, length: 0 });
  });
});
