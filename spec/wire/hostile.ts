import fc from 'fast-check';
import type { MessageFields } from 'tornadose';

/** What parsers, proxies and string builders are known to trip over. */
export const hostilePieces: readonly string[] = [
  '\n',
  '\r',
  '\r\n',
  '\n\n',
  '\0',
  '\ufeff',
  '\u2028',
  '\u2029',
  '\u0085',
  '\v',
  '\f',
  ' ',
  ':',
  'data: forged',
  'event: forged',
  'id: forged',
  'retry: 0',
  ': comment',
  '\ud800',
  '\udfff',
  '😀',
  'é',
  '\u0301',
  '"',
  '\\',
  'undefined',
  '</script>',
];

/** Text of hostile pieces and of any characters. */
export const hostileText = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc
      .array(fc.oneof(fc.constantFrom(...hostilePieces), fc.string({ maxLength: 3 })), { maxLength: 8 })
      .map((all) => all.join('')),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );

const wellFormed = (): fc.Arbitrary<string> => hostileText().filter((text) => text.isWellFormed());

const names = wellFormed().filter(
  (name) => name !== '' && !/[\r\n\0]/.test(name) && !/^(gap|position|end)$/.test(name),
);
const ids = fc.stringMatching(/^[A-Za-z0-9._~-]{1,128}$/);

/** Messages that can be sent, with texts and JSON as data. */
export const messageFields = (): fc.Arbitrary<MessageFields<unknown>> =>
  fc.record({
    data: fc.oneof(wellFormed(), fc.jsonValue()),
    event: fc.option(names, { nil: undefined }),
    id: fc.option(ids, { nil: undefined }),
    retry: fc.option(fc.integer({ min: 100, max: 2 ** 31 - 1 }), { nil: undefined }),
  });

/** What a client of an event stream reads: the text or JSON, with each line end an LF, as the format has no other. */
export function received(data: unknown): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return text.replace(/\r\n|\r/g, '\n');
}
