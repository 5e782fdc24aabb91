import { expect } from 'chai';
import fc from 'fast-check';
import { bytesOf } from '../../src/encoding/bytes.ts';
import { Frame } from '../../src/encoding/Frame.ts';
import { Batch } from '../../src/flow/Batch.ts';

const frame = (text: string): Frame => new Frame(text, text);
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

  it('should keep what one client alone gets from the others', () => {
    const a = frame('a');
    const nothing = new Batch();
    const shared = nothing.add(a);
    const [one, other] = [shared.addText('1').addText('2'), shared.addText('3')];
    expect([one, other, shared, nothing.addText('4')].map(({ bytes }) => text(bytes))).to.deep.equal([
      'a12',
      'a3',
      'a',
      '4',
    ]);
    expect(text(one.add(a).addText('5').bytes)).to.equal('a12a5');
  });

  it('should join all in order, as it is and as one chunk, and know its size whenever it is asked', () => {
    const part = fc.record({
      content: fc.string({ unit: 'grapheme', minLength: 1 }),
      as: fc.constantFrom('text frame', 'bytes frame', 'text of its own'),
      measured: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), fc.boolean(), (parts, chunkFirst) => {
        let batch = new Batch();
        let all = '';
        for (const { content, as, measured } of parts) {
          if (as === 'text of its own') batch = batch.addText(content);
          else batch = batch.add(new Frame(content, as === 'text frame' ? content : bytesOf(content)));
          all += content;
          if (measured) expect(batch.length).to.equal(Buffer.byteLength(all));
        }
        const bytes = Buffer.from(all);
        for (const limit of [bytes.length - 1, bytes.length, bytes.length + 1, 3 * bytes.length])
          expect(batch.isBelow(limit)).to.equal(bytes.length < limit);
        const chunk = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
        if (chunkFirst) expect(chunk.equals(batch.chunk)).to.equal(true);
        expect(bytes.equals(batch.bytes)).to.equal(true);
        expect(chunk.equals(batch.chunk)).to.equal(true);
        expect(bytes.equals(Buffer.concat(batch.frames()))).to.equal(true);
        expect(batch.isEmpty).to.equal(false);
      }),
    );
  });
});
