import { expect } from 'chai';
import fc from 'fast-check';
import * as ofNode from '../../src/encoding/bytes.ts';

/** As a runtime without Node's Buffer has it. */
async function withoutBuffer(): Promise<typeof ofNode> {
  const { Buffer } = globalThis;
  Reflect.deleteProperty(globalThis, 'Buffer');
  try {
    // Another query is another module.
    const again = '../../src/encoding/bytes.ts?without-buffer';
    return await import(again);
  } finally {
    globalThis.Buffer = Buffer;
  }
}

for (const [where, load] of [
  ['in Node', () => Promise.resolve(ofNode)],
  ['where there is no Buffer', withoutBuffer],
] as const) {
  describe(`bytes, ${where}`, () => {
    let bytes: typeof ofNode;

    before(async () => {
      bytes = await load();
    });

    it('should be the UTF-8 of any text, as many as it says', () => {
      const utf8 = new TextEncoder();
      fc.assert(
        // Halves of characters too.
        fc.property(fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }), (text) => {
          const made = bytes.bytesOf(text);
          expect([...made]).to.deep.equal([...utf8.encode(text)]);
          expect(bytes.byteLength(text)).to.equal(made.length);
        }),
      );
    });

    it('should be as many as there was room asked for', () => {
      for (const length of [0, 1, 100_000]) expect(bytes.room(length)).to.have.length(length);
    });
  });
}

describe('bytes', () => {
  it('should be made by Buffer alone where there is one', async () => {
    const other = await withoutBuffer();
    expect(ofNode.bytesOf('x')).to.be.instanceOf(Buffer);
    expect(other.bytesOf('x')).to.not.be.instanceOf(Buffer);
  });
});
