import { expect } from 'chai';
import { keySlot } from '../../src/redis/keySlot.ts';

describe('keySlot', () => {
  it('should be the slot that CLUSTER KEYSLOT names', () => {
    const slots = {
      '': 0,
      tornadose: 11914,
      'häß 🌪': 10595,
      '{shop}:orders': 3808,
      '{shop}:prices': 3808,
      '{}x': 10595,
      'a{}b{c}': 7353,
      'a{b}c{d}': 3300,
      '{{x}}': 11068,
      'a{{b}': 6215,
      '{a\nb}c': 3956,
      'foo{bar': 15278,
      'foo}bar{': 11073,
    };
    for (const [key, slot] of Object.entries(slots)) expect(keySlot(key), key).to.equal(slot);
  });
});
