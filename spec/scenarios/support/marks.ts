/** `00000012:0000001234567890`: the number of an event, and the time of its publishing in µs. */
const markLength = 25;
const caret = 0x5e;

/** The clock that all processes of a machine share, in µs. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** A text of `bytes` bytes with a `^` and its mark at the beginning, which differs from all others throughout. */
export function marked(seq: number, bytes: number): string {
  const mark = `^${String(seq).padStart(8, '0')}:${String(now()).padStart(16, '0')}:`;
  return mark.padEnd(bytes, `${seq} `);
}

/** The number of an event from its text. */
export function seqOf(text: string): number {
  return text.startsWith('^') ? Number(text.slice(1, 9)) : Number.NaN;
}

/** When it was published, in µs. */
export function timeOf(text: string): number {
  return Number(text.slice(10, 26));
}

/** Finds the marks in a stream of bytes, wherever its parts begin and end. */
export function markReader(take: (seq: number, time: number) => void): (bytes: Buffer) => void {
  let begun: string | undefined;
  const mark = (text: string): void => {
    begun = text.length < markLength ? text : undefined;
    if (begun === undefined) take(Number(text.slice(0, 8)), Number(text.slice(9)));
  };
  return (bytes) => {
    if (begun !== undefined) mark(begun + bytes.toString('latin1', 0, markLength - begun.length));
    for (let at = bytes.indexOf(caret); at !== -1; at = bytes.indexOf(caret, at + 1))
      mark(bytes.toString('latin1', at + 1, at + 1 + markLength));
  };
}
