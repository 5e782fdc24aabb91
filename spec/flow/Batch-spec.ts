import { expect } from 'chai';
import fc from 'fast-check';
import { bytesOf } from '../../src/encoding/bytes.ts';
import { Frame } from '../../src/encoding/Frame.ts';
import { Batch } from '../../src/flow/Batch.ts';

const frame = (text: string): Frame => new Frame(text, text);
/** As texts, and as bytes, which is how WebSocket frames come. */
const eitherFrame = fc
  .tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.boolean())
  .map(([content, asText]) => new Frame(content, asText ? content : bytesOf(content)));
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('Batch', () => {
  it('should be the same batch, and so the same bytes, for clients that got the same frames', () => {
    const [a, b] = [frame('a'), frame('b')];
    const nothing = new Batch();
    const first = nothing.add(a);
    const second = nothing.add(a);
    expect(first).to.equal(second);
    expect(first.add(b)).to.equal(second.add(b));
    expect(first.add(b).bytes).to.equal(second.add(b).bytes);
    expect(first.add(b).chunk).to.equal(second.add(b).chunk);
  });

  it('should split where a client got another frame, and nowhere else', () => {
    const [a, b, c] = [frame('a'), frame('b'), frame('c')];
    const nothing = new Batch();
    const all = nothing.add(a).add(b);
    const some = nothing.add(a);
    expect(text(all.add(c).bytes)).to.equal('abc');
    expect(text(some.add(c).bytes)).to.equal('ac');
    expect(text(all.bytes)).to.equal('ab');
  });

  it('should not copy a single frame', () => {
    const a = frame('a');
    expect(new Batch().add(a).bytes).to.equal(a.bytes);
  });

  it('should let go of what it was continued to', () => {
    const a = frame('a');
    const nothing = new Batch();
    const before = nothing.add(a);
    nothing.forget();
    expect(nothing.add(a)).not.to.equal(before);
  });

  it('should join any frames in order, as they are and as one chunk', () => {
    fc.assert(
      fc.property(fc.array(eitherFrame, { minLength: 1 }), (frames) => {
        const batch = frames.reduce((before, each) => before.add(each), new Batch());
        const bytes = Buffer.concat(frames.map(({ value }) => Buffer.from(value as string)));
        expect(Buffer.from(batch.bytes).equals(bytes)).to.equal(true);
        expect(Buffer.concat(batch.frames()).equals(bytes)).to.equal(true);
        expect([batch.length, batch.count]).to.deep.equal([bytes.length, frames.length]);
        const chunk = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
        expect(Buffer.from(batch.chunk).equals(chunk)).to.equal(true);
      }),
    );
  });
});
