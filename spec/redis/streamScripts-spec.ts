import { expect } from 'chai';
import { Redis } from 'ioredis';
import { RedisStreamStore } from 'tornadose/redis';
import { noEpoch } from '../../src/redis/place.ts';
import { entriesOf } from '../../src/redis/StreamEntry.ts';
import { placeOfEntry } from '../../src/redis/StreamItem.ts';
import { streamsOf } from '../../src/redis/Streams.ts';
import { RedisServer } from '../support/RedisServer.ts';

const fieldsOf = (epoch: string, prev: string): readonly string[] => ['epoch', epoch, 'prev', prev];

/** No epochs of ours. */
const epochs = [
  ...['2026-11-23T10:00:00Z', '1700000000', '20240', 'a b', '', '0000'],
  ...['ab.d', 'abc\n', 'ab\0d', '\ufeffabcd'],
];
/** No ids of entries that Redis may have. */
const ids = ['', 'the one before', '01-0', '1-0-0', '18446744073709551616-0', '100000000000000000000-0'];

/** What another program may have written, with names that this library uses. */
const theirs: readonly (readonly string[])[] = [
  ...epochs.map((epoch) => fieldsOf(epoch, '1-0')),
  ...ids.map((id) => fieldsOf('abcd', id)),
  ['epoch', 'abcd'],
  ['epoch', 'abcd', 'prev', '1-0', 'epoch', '1700000000'],
  ['epoch', 'abcd', 'prev', '1-0', 'prev', 'x'],
];
const ours: readonly (readonly string[])[] = [
  fieldsOf('aB_-', '-'),
  fieldsOf('abcd', '0-0'),
  fieldsOf('abcd', '18446744073709551615-10'),
  ['epoch', '1700000000', 'epoch', 'abcd', 'prev', 'x', 'prev', '1-0'],
];

describe('The scripts of a stream', () => {
  let server: RedisServer;
  let redis: Redis;
  let keys = 0;

  before(async () => {
    server = await RedisServer.start();
    redis = await server.client((url) => new Redis(url));
  });
  after(() => server.dispose());

  /** The last entry as the scripts have it, and as readers do. */
  const seen = async (key: string) => {
    const read = entriesOf(await redis.xrevrangeBuffer(key, '+', '-', 'COUNT', 1)).map(placeOfEntry);
    return [await streamsOf(redis).attach(key, 5_000), read[0]];
  };

  for (const [what, all] of [
    ['none', theirs],
    ['the same', ours],
  ] as const) {
    it(`should find ${what} of our epochs in an entry where those who read it do`, async () => {
      for (const fields of all) {
        const key = `fields-${keys++}`;
        await redis.xadd(key, '*', 'data', '1', ...fields);
        const [attached, read] = await seen(key);
        expect(attached, String(fields)).to.deep.equal(read);
        expect(attached?.epoch === noEpoch, String(fields)).to.equal(all === theirs);
      }
    });
  }

  it('should carry none of another program’s on into what comes after it', async () => {
    for (const fields of theirs) {
      const key = `after-${keys++}`;
      await redis.xadd(key, '*', 'data', '1', ...fields);
      const store = new RedisStreamStore<number>({ redis, key });
      await store.submit(2);
      const [attached, read] = await seen(key);
      expect(attached, String(fields)).to.deep.equal(read);
      expect(attached?.epoch, String(fields)).to.not.equal(noEpoch);
      await store.close();
    }
  });
});
