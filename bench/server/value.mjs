/** Microseconds of the clock that all processes of a machine share. */
export const now = () => Number(process.hrtime.bigint() / 1000n);

const empty = JSON.stringify({ seq: '', mark: '^'.padEnd(26), text: '' }).length - 2;
const texts = new Map();

/**
 * What is published: an object whose JSON is `bytes` long, with one `^` in it, by which the load counts events wherever
 * the borders of chunks are, and after that its number and the time of its publishing.
 */
export function madeValue(seq, bytes) {
  const mark = `^${String(seq).padStart(8, '0')}:${String(now()).padStart(16, '0')}`;
  return { seq, mark, text: textOf(bytes - empty - String(seq).length) };
}

/** Made once for each length, as what the harness does counts as the server's. */
function textOf(length) {
  if (!texts.has(length)) texts.set(length, Buffer.alloc(length, 'x').toString('latin1'));
  return texts.get(length);
}

/** Small texts for one client, as many as its request says. Each has a `^` too. */
export function* madeTexts(req) {
  const count = Number(new URLSearchParams(req.url.slice(req.url.indexOf('?'))).get('events'));
  for (let index = 0; index < count; index += 1) yield `^${index}`;
}
