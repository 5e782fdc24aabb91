import { expect } from 'chai';
import { Followed, type StreamListener } from '../../src/redis/Followed.ts';
import type { StreamEntry } from '../../src/redis/StreamEntry.ts';
import { errorReports } from './support/reports.ts';

const entriesOf = (count: number, bytes: number): StreamEntry[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `${n + 1}-0`,
    data: new Uint8Array(bytes),
    event: undefined,
    retry: undefined,
    epoch: undefined,
    prev: undefined,
  }));
const listener = (key: string, after = '0-0', received = async (): Promise<void> => {}): StreamListener => ({
  key,
  after,
  received,
  quiet: () => {},
});

describe('The streams that one connection reads', () => {
  it('should be asked for more at a time while they are full, and for less when what came is large', async () => {
    const followed = new Followed(() => {});
    followed.add(listener('a'), 0);
    const { count } = followed;
    await followed.deliver(new Map([['a', entriesOf(count, 10)]]));
    expect(followed.count).to.equal(2 * count);
    for (let n = 0; n < 20; n += 1) await followed.deliver(new Map([['a', entriesOf(followed.count, 10)]]));
    expect(followed.count).to.equal(2_000);
    await followed.deliver(new Map([['a', entriesOf(2_000, 4 * 1024)]]));
    expect(followed.count, 'a mebibyte of them').to.be.within(200, 300);
    followed.restart();
    expect(followed.count).to.equal(count);
    for (const key of ['b', 'c', 'd']) followed.add(listener(key), 0);
    expect(followed.count, 'over all streams').to.equal(count / 4);
  });

  it('should be read by slot, and for two stores of one stream from where the earlier one is', () => {
    const followed = new Followed(() => {});
    followed.add(listener('a', '9-0'), 1);
    followed.add(listener('a', '10-0'), 1);
    followed.add(listener('b', '5-0'), 2);
    expect(followed.places()).to.deep.equal(
      new Map([
        [1, new Map([['a', '9-0']])],
        [2, new Map([['b', '5-0']])],
      ]),
    );
  });

  it('should get theirs though a listener of another one fails', async () => {
    const reports = errorReports();
    const followed = new Followed(() => {});
    let delivered = 0;
    followed.add(
      listener('a', '0-0', () => Promise.reject(new Error('an observer of somebody’s own'))),
      0,
    );
    followed.add(
      listener('b', '0-0', async () => {
        delivered += 1;
      }),
      0,
    );
    await followed.deliver(
      new Map([
        ['a', entriesOf(1, 1)],
        ['b', entriesOf(1, 1)],
      ]),
    );
    reports.stop();
    expect(delivered).to.equal(1);
    expect(reports.list.map(({ during }) => during)).to.deep.equal(['deliver']);
  });
});
