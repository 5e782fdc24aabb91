/** What is asked for a position: the `IncomingMessage` of `node:http` has it, of an upgrade too, and a web-standard `Request`. */
export interface PositionedRequest {
  readonly url?: string | undefined;
  readonly headers:
    | { get(name: string): string | null }
    | { readonly [name: string]: string | readonly string[] | undefined };
}

const form = /^[A-Za-z0-9._~-]{1,128}$/;

/** Stands for whatever no log has given out: `since` answers it with a `Gap` of reason `malformed`. */
const malformed = '~malformed';

/**
 * The position that a client comes back with, for `since`: the header `Last-Event-ID`, which an EventSource sends by itself,
 * or `lastEventId` in the URL, where a WebSocket or a page of its own has put it. The header wins, as an EventSource comes
 * back with the URL that it began with.
 *
 * ```ts
 * void orders.since(lastEventId(req)).pipe(toEventSource(res));
 * ```
 *
 * It never throws: `undefined` only where there is none or an empty one. What could not be an id (too long, other bytes than
 * `A-Z a-z 0-9 . _ ~ -`, given twice) is a constant that `since` answers with a `Gap` of reason `malformed`.
 *
 * @param req the request, or the upgrade request of a WebSocket (WHATWG HTML, section 9.2.4)
 */
export function lastEventId(req: PositionedRequest): string | undefined {
  const given = headerOf(req) ?? queryOf(req.url);
  if (given === undefined || given === '') return undefined;
  return form.test(given) ? given : malformed;
}

function headerOf({ headers }: PositionedRequest): string | undefined {
  const value =
    typeof headers.get === 'function'
      ? headers.get('last-event-id')
      : (headers as Record<string, unknown>)['last-event-id'];
  if (value === undefined || value === null || value === '') return undefined;
  // Node joins what came twice with a comma, which no id has.
  return typeof value === 'string' ? value : malformed;
}

function queryOf(url: string | undefined): string | undefined {
  const start = url?.indexOf('?') ?? -1;
  if (url === undefined || start === -1) return undefined;
  const values = new URLSearchParams(url.slice(start + 1).replace(/#.*/s, '')).getAll('lastEventId');
  return values.length > 1 ? malformed : values[0];
}
