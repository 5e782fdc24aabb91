import type { Observable } from 'rxjs';
import { Connection } from '../flow/Connection.ts';
import type { ConnectionEvent } from '../flow/ConnectionEvent.ts';
import type { Refusal } from '../flow/Refusal.ts';
import { invalidOption, optionalFunction } from '../options.ts';
import { type EventStreamAnswer, type EventStreamOptions, eventStreamFormat } from './eventStreamFormat.ts';
import { type HeaderRecord, refusalHeaders, refusalText, withoutConnection } from './eventStreamHeaders.ts';
import { refused, unwritable } from './refused.ts';
import { WebStreamTransport } from './WebStreamTransport.ts';

/** Options of {@link toResponse}. */
export interface ResponseOptions<T> extends EventStreamOptions<T> {
  /** Sees the connection's `open`, `drop`s and `close`, as there is no `pipe` that could return them. */
  readonly onEvent?: ((event: ConnectionEvent) => void) | undefined;
  /**
   * The HTTP/2 session that the request came over, which no `Request` tells, for `gate.maxPerSession`: with Hono's node-server
   * `c.env.incoming.stream?.session`. @defaultValue none, so that the streams of a session are bounded by the server alone
   */
  readonly session?: object | undefined;
}

/** What a sink needs of a request: a web-standard `Request` has it. */
export interface RequestLike {
  readonly method: string;
  readonly signal?: AbortSignal | null | undefined;
}

/**
 * Streams the source as a web-standard `Response`: for Hono, Next.js, Deno, Bun and Workers.
 *
 * ```ts
 * app.get('/stream', (c) => toResponse(store, c.req.raw));
 * ```
 *
 * Like `toEventSource`, in all: it connects at once, answers 204 or 500 where the source ends at once with nothing
 * emitted, and sends the event `end` when it completes. The client's leaving, seen as `cancel` of the body or as an
 * abort of the request, unsubscribes.
 *
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export function toResponse<T>(source: Observable<T>, request: RequestLike, options: ResponseOptions<T> = {}): Response {
  if (typeof source?.subscribe !== 'function') throw invalidOption('source', 'an Observable', source);
  if (typeof request?.method !== 'string') throw invalidOption('request', 'a Request', request);
  const { encoder, settings, answer } = eventStreamFormat('toResponse', options, ['onEvent', 'session']);
  const onEvent = optionalFunction('onEvent', options.onEvent);
  const { session } = options;
  if (session !== undefined && (typeof session !== 'object' || session === null))
    throw invalidOption('session', 'an HTTP/2 session', session);
  // Before anything is subscribed, as `Headers` has rules of its own.
  const init = head(answer);
  const watch = (events: Observable<ConnectionEvent>): void => {
    if (onEvent !== undefined) events.subscribe(onEvent);
  };
  if (request.method === 'HEAD') {
    const turnedAway = settings.gate.check({ key: settings.key, session });
    watch(refused(encoder.name, turnedAway?.error ?? unwritable('a response', 'head')));
    return turnedAway === undefined ? new Response(null, init) : refusalOf(turnedAway, answer, null);
  }
  const transport = new WebStreamTransport(answer, request);
  transport.session = session;
  watch(new Connection(source, transport, encoder, settings));
  const { refusal, status } = transport;
  if (refusal !== undefined) return refusalOf(refusal, answer, refusalText(refusal.status));
  return status === undefined
    ? new Response(transport.body, init)
    : new Response(null, { status, headers: headersOf(answer.given) });
}

function refusalOf({ status, retryAfter }: Refusal, { given }: EventStreamAnswer, text: string | null): Response {
  return new Response(text, { status, headers: headersOf({ ...given, ...refusalHeaders(retryAfter) }) });
}

function head({ status, headers }: EventStreamAnswer): ResponseInit {
  return { status, headers: headersOf(headers) };
}

/** Nobody knows here whether it is sent over HTTP/2. */
function headersOf(given: HeaderRecord): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(withoutConnection(given))) {
    // One by one: `set-cookie` is the header that cannot be joined with commas.
    for (const each of Array.isArray(value) ? value : [value]) headers.append(name, String(each));
  }
  return headers;
}
