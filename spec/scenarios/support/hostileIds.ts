/** What an attacker says to have seen last: what means something to Redis, to a parser, to a log, or to a terminal. */
export const hostileIds: readonly string[] = [
  // Of the commands of Redis.
  ...[
    '-',
    '+',
    '$',
    '>',
    '*',
    '0',
    '0-0',
    '0-1',
    '(0',
    '(1-0',
    '(1526919030474-55',
    '1526919030474-55',
    '0-*',
    '(-',
    '[0',
  ],
  // Numbers that are too large, or none.
  ...['18446744073709551616-0', '18446744073709551615-18446744073709551615', '99999999999999999999999', '-1', '1e309'],
  ...['NaN', 'Infinity', '0x7fffffff', '-0', '1.5'],
  // Of the form of our own.
  ...[
    'AAAAAA.0',
    'AAAAAA.________',
    '______.1',
    'AAAAAA.',
    '.1',
    '~malformed',
    '~',
    'AAAAAA.1~AAAAAA.1',
    'AAAAAAAAAAAA-0-0',
  ],
  // Long ones.
  'a'.repeat(15_000),
  '9'.repeat(129),
  `AAAAAA.${'z'.repeat(9)}`,
  // What is not ASCII, or does something where it is shown.
  ...[
    'é€𝄞',
    '\u001b[31mred\u0007',
    'a\r\nSet-Cookie: a=b',
    'a\nevent: gap\ndata: {}\n',
    '\u0000',
    '\ufeff0-0',
    '%00',
    '‮',
  ],
  // What means something to JavaScript, or to a shell.
  ...['__proto__', 'constructor', '[object Object]', '{"__proto__":{"a":1}}', '$(reboot)', "'; FLUSHALL; '", '../../x'],
];

/** Whether it can be sent as a header: what cannot be comes in the URL. */
export function fitsHeader(id: string): boolean {
  return Array.from(id).every((character) => character >= ' ' && character !== '\x7f');
}
