import { expect } from 'chai';
import fc from 'fast-check';
import { CompositePosition } from '../../src/stores/CompositePosition.ts';

const name = fc.string({ minLength: 1, maxLength: 20 });
/** Characters of an id, and what ends each. */
const unit = fc.constantFrom(...'aZ09_-.~');
const id = fc.string({ unit: unit.filter((each) => each !== '~'), minLength: 1, maxLength: 13 });

describe('CompositePosition', () => {
  it('should read what it wrote, for any 8 names and ids of 13 characters', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 8 }),
        fc.array(fc.option(id, { nil: undefined }), { minLength: 8, maxLength: 8 }),
        (names, all) => {
          const ids = all.slice(0, names.length);
          const position = new CompositePosition(names);
          const text = position.write(ids);
          if (ids.every((each) => each === undefined)) {
            expect(text).to.equal(undefined);
            return;
          }
          expect(text).to.match(/^[\w.~-]{1,128}$/);
          expect(new CompositePosition(names).read(text as string)).to.deep.equal(ids);
        },
      ),
    );
  });

  it('should find the ids of the names that are still there, in any order', () => {
    const position = new CompositePosition(['chat', 'news', 'prices']).write(['c', 'n', 'p']) as string;
    expect(new CompositePosition(['prices', 'weather', 'chat']).read(position)).to.deep.equal(['p', undefined, 'c']);
  });

  it('should read nothing but what could have been written', () => {
    const position = new CompositePosition(['news', 'prices']);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit, maxLength: 140 })), (text) => {
        const ids = position.read(text);
        if (ids === undefined) return;
        expect(text.length).to.be.at.most(128);
        for (const each of ids) expect(each ?? 'absent').to.match(/^[\w.-]+$/);
      }),
    );
    for (const none of [
      '',
      '~',
      '~malformed',
      'abcdef.1',
      'ab1~ab2~',
      'ab1~~',
      `${'a'.repeat(130)}~`,
      'ab1\n~',
      'abé~',
      'ab\0~',
    ]) {
      expect(position.read(none), none).to.equal(undefined);
    }
  });

  it('should give 1 000 combinations of 8 names 8 tags each', () => {
    for (let n = 0; n < 1_000; n += 1) {
      const names = Array.from({ length: 8 }, (_, index) => `log ${n * 8 + index}`);
      const text = new CompositePosition(names).write(names.map(() => 'x')) as string;
      expect(new Set(text.split('~').map((entry) => entry.slice(0, 2))).size).to.equal(9);
    }
  });
});
