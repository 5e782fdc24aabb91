import { Message } from 'tornadose';

/** What its `toJSON` throws with. */
export const refusal: Error = new Error('not for you');

const refuses = {
  toJSON() {
    throw refusal;
  },
};
const cycle: unknown[] = [];
cycle.push(cycle);

/** Values without a text, by name. */
export const unsendable: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  'a function': () => {},
  'a symbol': Symbol('s'),
  'a BigInt': 7n,
  'a BigInt within': { deep: [7n] },
  'a cycle': cycle,
  'a toJSON that throws': refuses,
  'a toJSON without an answer': { toJSON() {} },
  'a lone surrogate': 'a\ud800b',
  'a message of undefined': new Message({ data: undefined }),
};
