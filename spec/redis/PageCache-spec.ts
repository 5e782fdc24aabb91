import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import sinon from 'sinon';
import { PageCache } from '../../src/redis/PageCache.ts';
import { bytesOf, type Page, type StreamEntry } from '../../src/redis/StreamEntry.ts';

const entry = (time: number, bytes = 10): StreamEntry => ({
  id: `${time}-0`,
  data: new Uint8Array(bytes),
  event: undefined,
  retry: undefined,
  epoch: undefined,
  prev: undefined,
});
const pageOf = (entries: readonly StreamEntry[]): Page => ({ entries, bytes: bytesOf(entries), from: 0 });
const idsOf = (page: Page | undefined) => page?.entries.slice(page.from).map(({ id }) => id);

describe('PageCache', () => {
  it('should know what comes after an entry in the midst of a page, and nothing after its last one', () => {
    const cache = new PageCache();
    cache.add('a', pageOf([8, 9, 10, 11].map((time) => entry(time))));
    expect(idsOf(cache.find('a', '9-0'))).to.deep.equal(['9-0', '10-0', '11-0']);
    expect(cache.find('a', '11-0')).to.equal(undefined);
    expect(cache.find('a', '7-0')).to.equal(undefined);
    expect(cache.find('a', '9-1')).to.equal(undefined);
    expect(cache.find('b', '9-0')).to.equal(undefined);
  });

  it('should forget the oldest pages, and those of a stream that nobody follows', () => {
    const cache = new PageCache();
    const page = (time: number) => pageOf([entry(time), entry(time + 1, 1_000_000)]);
    for (let time = 0; time < 10; time += 2) cache.add('a', page(time));
    expect(cache.find('a', '0-0')).to.equal(undefined);
    expect(idsOf(cache.find('a', '8-0'))).to.deep.equal(['8-0', '9-0']);
    cache.forget('a');
    expect(cache.find('a', '8-0')).to.equal(undefined);
  });

  it('should know an entry of several pages for as long as it has one of them, by the newest', () => {
    const cache = new PageCache();
    const add = (first: number): StreamEntry[] => {
      const page = [entry(first, 400_000), entry(first + 1, 400_000)];
      cache.add('a', pageOf(page));
      return page;
    };
    // Five of these fit.
    for (const first of [1, 10, 12]) add(first);
    const newest = add(1);
    const found = (): StreamEntry | undefined => cache.find('a', '1-0')?.entries[0];
    expect(found()).to.equal(newest[0]);
    for (const first of [14, 16, 18]) add(first);
    expect(found(), 'when the older page is gone').to.equal(newest[0]);
    for (const first of [20, 22]) add(first);
    expect(found(), 'when both are gone').to.equal(undefined);
  });

  it('should hold pages no longer than for a while, though nobody asks for any', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const cache = new PageCache();
      const pages = [1, 2].map((time) => {
        const page = [entry(time), entry(time + 1)];
        cache.add('a', pageOf(page));
        clock.tick(3_000);
        return new WeakRef(page);
      });
      const held = async (): Promise<number> => {
        // What was looked at stays until the event loop turns.
        await new Promise((resolve) => setImmediate(resolve));
        collect();
        return pages.filter((page) => page.deref() !== undefined).length;
      };
      expect(await held()).to.equal(1);
      clock.tick(4_000);
      expect(await held()).to.equal(0);
      expect(cache.find('a', '1-0')).to.equal(undefined);
      expect(clock.countTimers()).to.equal(0);
      cache.add('a', pageOf([entry(1), entry(2)]));
      cache.forget('a');
      expect(clock.countTimers(), 'of a stream that nobody follows').to.equal(0);
    } finally {
      clock.restore();
    }
  });
});
