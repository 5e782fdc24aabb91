const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-';

/** All of two digits, as each text that is put together is one more to be collected. */
const pairs = Array.from({ length: 64 ** 2 }, (_, number) => digits.charAt(number / 64) + digits.charAt(number % 64));

/** A number from 0 on in base 64: ids are short, so that those of several logs fit into one. */
export function compact(number: number): string {
  let text = '';
  let rest = number;
  for (; rest >= 64; rest = Math.floor(rest / 64 ** 2)) text = pairs[rest % 64 ** 2] + text;
  return rest > 0 || text === '' ? digits.charAt(rest) + text : text;
}

/** The number of a text that `compact` wrote, `undefined` for any other, a number that is not a safe integer among them. */
export function expanded(text: string): number | undefined {
  let number = 0;
  for (const digit of text) {
    const value = digits.indexOf(digit);
    if (value === -1) return undefined;
    number = number * 64 + value;
  }
  return Number.isSafeInteger(number) && compact(number) === text ? number : undefined;
}

// Asked for many at a time, as each call takes a microsecond.
const random = new Uint8Array(1_024);
let used = random.length;

/** A new epoch: as many random digits, so that no other log has the same. */
export function newEpoch(length: number): string {
  if (used + length > random.length) {
    crypto.getRandomValues(random);
    used = 0;
  }
  const bytes = random.subarray(used, used + length);
  used += length;
  let epoch = '';
  for (const byte of bytes) epoch += digits[byte % 64];
  return epoch;
}

/** The end of a log in memory. */
export interface Position {
  readonly epoch: string;
  /** How many messages came up to there. */
  readonly offset: number;
}

const form = /^([0-9A-Za-z_-]{6})\.([0-9A-Za-z_-]{1,9})$/;

/** The id of a position: what a client comes back with. */
export function idOf({ epoch, offset }: Position): string {
  return `${epoch}.${compact(offset)}`;
}

/** Reads an id that came from outside, `undefined` when it is none of a log in memory. */
export function positionOf(id: string): Position | undefined {
  const [, epoch, digitsOfOffset] = (id.length <= 128 && form.exec(id)) || [];
  if (epoch === undefined || digitsOfOffset === undefined) return undefined;
  const offset = expanded(digitsOfOffset);
  return offset === undefined ? undefined : { epoch, offset };
}
