import type { WireEvent } from './vectors.ts';

/** The algorithm of WHATWG HTML, section 9.2.6, to the letter: the judge where a client's parser takes liberties. */
export function parseEventStream(stream: string): { events: WireEvent[]; retries: number[] } {
  const events: WireEvent[] = [];
  const retries: number[] = [];
  let [data, type, lastEventId] = ['', '', ''];
  const lines = stream.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  // What comes after the last line end is an unfinished line.
  lines.pop();
  for (const line of lines) {
    if (line === '') {
      if (data !== '') events.push({ type: type || 'message', data: data.slice(0, -1), lastEventId });
      [data, type] = ['', ''];
      continue;
    }
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') type = value;
    else if (field === 'data') data += `${value}\n`;
    else if (field === 'id' && !value.includes('\0')) lastEventId = value;
    else if (field === 'retry' && /^[0-9]+$/.test(value)) retries.push(Number(value));
  }
  return { events, retries };
}
