import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { PageReader } from '../../src/redis/PageReader.ts';
import type { Page } from '../../src/redis/StreamEntry.ts';

const page: Page = { entries: [], bytes: 0, from: 0 };

describe('PageReader', () => {
  for (const [what, answer] of [
    ['a page that is there already', page],
    ['one that comes', Promise.resolve(page)],
    ['one that comes by a Promise that is not the global one', runInNewContext('Promise.resolve(page)', { page })],
  ] as const) {
    it(`should give its client ${what}`, async () => {
      const taker = { closed: false, run() {}, inTurn: (run: () => void) => run() };
      const reader = new PageReader({ page: () => answer }, taker);
      expect(await new Promise((take) => reader.read('1-0', take))).to.equal(page);
    });
  }
});
