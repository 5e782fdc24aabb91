import { shown, TornadoseError } from './errors.ts';

/** The sentence of every refused option: "Expected `maxBytes` to be a positive integer, got `-1` (number)". */
export function invalidOption(option: string, expected: string, received: unknown): TornadoseError {
  return new TornadoseError('ERR_INVALID_OPTION', `Expected \`${option}\` to be ${expected}, got ${shown(received)}`, {
    option,
    expected,
    received,
  });
}

/** Refuses what is not an object of options, and names that are not among `known`: a misspelt option is not ignored. */
export function checkNames(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption(where, 'given an object of options', options);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const expected = `an option of \`${where}\` (${known.join(', ')})`;
    const message = `Expected ${expected}, got \`${name}\``;
    throw new TornadoseError('ERR_INVALID_OPTION', message, { option: name, expected, received: name });
  }
}

/** Options when they are checked: each is there. */
export type Checked<Options> = { readonly [Name in keyof Options]-?: NonNullable<Options[Name]> };

/** An integer from `least` up, or the default where none is given. */
export function integer(option: string, value: unknown, byDefault: number, least = 1): number {
  if (value === undefined) return byDefault;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  throw invalidOption(option, least === 1 ? 'a positive integer' : `an integer of at least ${least}`, value);
}

/** setTimeout turns anything longer into 1 ms. */
export const longestDelay: number = 2 ** 31 - 1;

/** A number of milliseconds above 0 that a timer can wait, or the default where none is given. */
export function milliseconds<Default>(option: string, value: unknown, byDefault: Default): number | Default {
  if (value === undefined) return byDefault;
  if (typeof value === 'number' && value > 0 && value <= longestDelay) return value;
  throw invalidOption(option, `a number of milliseconds above 0 and up to ${longestDelay}`, value);
}

/** One of a few words, or the default where none is given. */
export function oneOf<Word extends string>(
  option: string,
  value: unknown,
  words: readonly Word[],
  byDefault: Word,
): Word {
  if (value === undefined) return byDefault;
  const word = words.find((each) => each === value);
  if (word === undefined) throw invalidOption(option, words.map((each) => `'${each}'`).join(' or '), value);
  return word;
}

/** A name, which is the same text in UTF-8. */
export function checkedName(option: string, value: unknown, most: number = Number.POSITIVE_INFINITY): string {
  if (typeof value === 'string' && value !== '' && value.length <= most && value.isWellFormed()) return value;
  const length = Number.isFinite(most) ? `1 to ${most} characters` : 'one character or more';
  throw invalidOption(option, `a name of ${length}`, value);
}

/** A function, or undefined where none is given. */
export function optionalFunction<F>(option: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw invalidOption(option, 'a function', value);
}
