import { expect } from 'chai';
import { follows, lossOf, markSegments, placeBefore, reasonOf } from '../../src/redis/chain.ts';
import type { StreamEntry } from '../../src/redis/StreamEntry.ts';

const entry = (fields: Partial<StreamEntry> = {}): StreamEntry => ({
  id: '5-0',
  data: new Uint8Array(1),
  event: undefined,
  retry: undefined,
  epoch: 'abcd',
  prev: '4-0',
  ...fields,
});
const at = (id: string, epoch = 'abcd') => ({ epoch, id });

describe('The chain of entries', () => {
  it('should show whether an entry comes right after a place, also after one of another program', () => {
    expect(follows(entry(), at('4-0'))).to.equal(true);
    expect(follows(entry(), at('4-0', '0000'))).to.equal(true);
    expect(follows(entry(), at('3-0'))).to.equal(false);
    expect(follows(entry(), at('4-0', 'wxyz')), 'the id was given out again').to.equal(false);
    expect(follows(entry({ epoch: undefined, prev: undefined }), at('4-0'))).to.equal(false);
  });

  it('should show where to stand so that an entry is next; at a mark, which says nothing, that is itself', () => {
    expect(placeBefore(entry(), at('5-0'))).to.deep.equal(at('4-0'));
    expect(placeBefore(entry({ data: undefined }), at('5-0'))).to.deep.equal(at('5-0'));
    expect(placeBefore(entry({ prev: '-' }), at('5-0'))).to.deep.equal(at('0-0'));
  });

  it('should tell what was trimmed from another stream, and from one that has lost what it had acknowledged', () => {
    expect(reasonOf(entry(), at('1-0'))).to.equal('trimmed');
    expect(reasonOf(entry({ epoch: undefined, prev: undefined }), at('1-0'))).to.equal('trimmed');
    expect(reasonOf(entry(), at('1-0', 'wxyz'))).to.equal('unknown-epoch');
    expect(reasonOf(entry({ prev: '-' }), at('1-0'))).to.equal('unknown-epoch');
  });

  it('should mark what goes together in a page after its first entry: as far as nothing is missing, and not too much of it', () => {
    const page = (...entries: readonly Partial<StreamEntry>[]): StreamEntry[] =>
      entries.map((fields, index) => entry({ id: `${index + 1}-0`, prev: `${index}-0`, ...fields }));
    const leading = (entries: readonly StreamEntry[]): (readonly string[] | undefined)[] => {
      markSegments(entries);
      return entries.map(({ leads }) => leads?.map(({ id }) => id));
    };
    const none = undefined;
    expect(leading(page({}, {}, {}))).to.deep.equal([none, ['2-0', '3-0'], none]);
    expect(leading(page({}, {}, { prev: '9-0' }, {}))).to.deep.equal([none, ['2-0'], ['3-0', '4-0'], none]);
    expect(leading(page({}, {}, { epoch: 'wxyz' }))).to.deep.equal([none, ['2-0'], ['3-0']]);
    const foreign = { epoch: undefined, prev: undefined };
    expect(leading(page({}, foreign, foreign))).to.deep.equal([none, ['2-0', '3-0'], none]);
    const large = { data: new Uint8Array(10 * 1024) };
    expect(leading(page(large, large, large, large, {}))).to.deep.equal([
      ...[none, ['2-0', '3-0'], none],
      ...[['4-0', '5-0'], none],
    ]);
    expect(leading(page({}))).to.deep.equal([none]);
    expect(leading([])).to.deep.equal([]);
  });

  it('should tell a client that comes back what has become of its place', () => {
    const [old, now] = [at('1-0'), at(`${Date.now()}-0`)];
    expect(lossOf(old, undefined, undefined)).to.equal('unknown-epoch');
    expect(lossOf(old, entry({ epoch: 'wxyz' }), 1_000)).to.equal('unknown-epoch');
    expect(lossOf(old, entry(), undefined)).to.equal('trimmed');
    expect(lossOf(old, entry(), 1_000)).to.equal('expired');
    expect(lossOf(now, entry({ prev: '-' }), 60_000)).to.equal('trimmed');
  });
});
