import type { MessageFields } from '../message.ts';
import { type Encoder, perSerializer, textOf } from './Encoder.ts';

/**
 * The `text/event-stream` format (WHATWG HTML, section 9.2.6): an event is a few `field: value` lines and an empty one.
 */
export const eventStream: (serialize?: (data: unknown) => string) => Encoder = perSerializer((serialize) => ({
  name: 'event-stream',
  heartbeat: ':\n\n',
  encode({ data, event, id, retry }: MessageFields<unknown>): string {
    // Most messages have data alone, of one line.
    const text = textOf(data, serialize);
    if (event === undefined && id === undefined && retry === undefined && isOneLine(text)) return `data: ${text}\n\n`;
    let head = '';
    if (event !== undefined) head += `event: ${event}\n`;
    if (id !== undefined) head += `id: ${id}\n`;
    if (retry !== undefined) head += `retry: ${retry}\n`;
    return `${head}${dataLines(text)}\n`;
  },
}));

const lineEnd = /\r\n|\r|\n/g;

/** Two searches, as a regular expression takes several times as long over a short text, and over a long one too. */
function isOneLine(text: string): boolean {
  return !text.includes('\n') && !text.includes('\r');
}

/**
 * One `data:` line for each line of the text. A lone CR ends a line for every parser, as CRLF and LF do, so a text that
 * was not split at it could forge fields. The space is always there, because parsers take one away.
 */
function dataLines(text: string): string {
  return `data: ${text.replace(lineEnd, '\ndata: ')}\n`;
}

/** An event without data to speak of, for the library's own signs of life and of the end: a page sees it, with `data` ''. */
export function bareEvent(name: string): string {
  return `event: ${name}\ndata:\n\n`;
}
