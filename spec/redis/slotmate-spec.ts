import { expect } from 'chai';
import { hasMates, slotmate } from '../../src/redis/slotmate.ts';

/** What of a key says its slot (Redis Cluster specification, hash tags). */
const hashed = (key: string): string => /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key;

describe('the keys beside a stream', () => {
  it('should be of its slot, with a tag and without, with a prefix and without', () => {
    for (const prefix of ['', 'app:', '{app}:']) {
      for (const key of ['orders', '{shop}:orders', 'a:b']) {
        expect(hashed(prefix + slotmate(prefix, key, 'writer:1')), prefix + key).to.equal(hashed(prefix + key));
      }
    }
  });

  it('should not be made of what would be of another slot', () => {
    for (const key of ['a}b', '{}x', '{x', 'x}']) expect(hasMates(key), key).to.equal(false);
    for (const key of ['x', '{x}', 'a{x}b{y}']) expect(hasMates(key), key).to.equal(true);
  });
});
