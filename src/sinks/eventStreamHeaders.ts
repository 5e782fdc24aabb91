import { invalidOption } from '../options.ts';

/** Headers by their names in lower case, so that each is there once. */
export type HeaderRecord = Readonly<Record<string, string | number | string[]>>;

/** Headers as an application has them: what `getHeaders` of a response or of a framework's reply gives is of this form. */
export type GivenHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

const own: HeaderRecord = {
  'content-type': 'text/event-stream',
  // `no-transform` keeps compression, which would hold events back, from being applied on the way.
  'cache-control': 'no-cache, no-transform',
  // nginx buffers what it proxies unless it is told not to.
  'x-accel-buffering': 'no',
};

/**
 * How the body is framed is for the server to say, and how long it will be nobody knows: what says otherwise garbles it. No
 * trailers follow, and of an answer without a body Node would refuse that they are named.
 */
const ofFraming = ['content-length', 'transfer-encoding', 'trailer'];
/** What a connection of HTTP/1 has and HTTP/2 forbids (RFC 9113, section 8.2.2). */
const ofConnection = ['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'te', 'http2-settings'];

// RFC 9110, sections 5.6.2 and 5.5.
const nameForm = /^[\w!#$%&'*+.^`|~-]+$/;
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The headers of an event stream, with those that the application gave beside them, or in their place. */
export function eventStreamHeaders(given: GivenHeaders = {}): HeaderRecord {
  // Of a `Headers` or an array of pairs nothing would be found.
  if (typeof given !== 'object' || given === null || Symbol.iterator in given) {
    throw invalidOption('headers', 'an object of names and values', given);
  }
  const headers: Record<string, string | number | string[]> = Object.assign(Object.create(null), own);
  for (const [name, value] of Object.entries(given)) {
    if (!nameForm.test(name)) throw invalidOption('headers', 'an object whose keys are names of headers', name);
    if (value === undefined) continue;
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!values.every(isValue))
      throw invalidOption(`headers.${name}`, 'a text or number that a header can have', value);
    const known = name.toLowerCase();
    if (!ofFraming.includes(known)) headers[known] = typeof value === 'object' ? [...value] : value;
  }
  return headers;
}

/** Those that are no event stream's own, for answers without events: a page of another origin needs CORS to see their status. */
export function othersOf(headers: HeaderRecord): HeaderRecord {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !Object.hasOwn(own, name)));
}

/** Those that may go over HTTP/2: for the others Node warns, or throws. */
export function withoutConnection(headers: HeaderRecord): HeaderRecord {
  if (!ofConnection.some((name) => Object.hasOwn(headers, name))) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.includes(name)));
}

/** The headers of an answer to somebody who is turned away. */
export const refusalHeaders = (retryAfter: number): Readonly<Record<string, string>> => ({
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
  'retry-after': String(retryAfter),
});

/** What it says to a reader. */
export const refusalText = (status: number): string =>
  status === 429 ? 'You have too many connections.\n' : 'The server takes no connections now.\n';

function isValue(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && valueForm.test(value));
}
