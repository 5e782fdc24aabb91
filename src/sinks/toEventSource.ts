import type { Observable, OperatorFunction } from 'rxjs';
import { Connection } from '../flow/Connection.ts';
import type { ConnectionEvent } from '../flow/ConnectionEvent.ts';
import { invalidOption } from '../options.ts';
import { type EventStreamFormat, type EventStreamOptions, eventStreamFormat } from './eventStreamFormat.ts';
import { HttpTransport, type ResponseLike, sendHead } from './HttpTransport.ts';
import { closed, type RefusedState, refused, unwritable } from './refused.ts';

/** Options of {@link toEventSource}. */
export type EventSourceOptions<T> = EventStreamOptions<T>;

/**
 * Streams the source to a browser's EventSource, or to any client of `text/event-stream` (WHATWG HTML, section 9.2),
 * over HTTP/1.0, HTTP/1.1 and HTTP/2.
 *
 * ```ts
 * createServer((req, res) => {
 *   void store.pipe(map((x) => x.toFixed(3)), toEventSource(res));
 * }).listen(9000);
 * ```
 *
 * Piping connects: the source is subscribed at once, and stays so until the client leaves or the source ends. A source
 * that completes at once with nothing emitted is answered 204, on which an EventSource stops for good; one that fails
 * then, 500. One that completes later sends the event `end`. Headers that were set on `res` before stay.
 *
 * @param res a `ServerResponse` of `node:http` or an `Http2ServerResponse`, with no headers sent
 * @returns an operator whose output are the connection's {@link ConnectionEvent}s: `open`, `drop`s, `close`. They are
 * remembered for those who subscribe later, and the delivery does not depend on anybody watching. A response that
 * cannot be written to gives a `close` with reason `refused`.
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export function toEventSource<T>(
  res: ResponseLike,
  options?: EventSourceOptions<T>,
): OperatorFunction<T, ConnectionEvent> {
  if (typeof res?.writeHead !== 'function') throw invalidOption('res', 'a ServerResponse or Http2ServerResponse', res);
  const format = options === undefined ? plainFormat<T>() : eventStreamFormat('toEventSource', options);
  return (source) => connect(source, res, format);
}

let plain: EventStreamFormat<unknown> | undefined;

/** The format without options, which all who give none share: a map of headers for each client is half a kilobyte. */
function plainFormat<T>(): EventStreamFormat<T> {
  plain ??= eventStreamFormat<unknown>('toEventSource', {});
  return plain as EventStreamFormat<T>;
}

function connect<T>(
  source: Observable<T>,
  res: ResponseLike,
  format: EventStreamFormat<T>,
): Observable<ConnectionEvent> {
  const state = refusedState(res);
  if (state === undefined)
    return new Connection(source, new HttpTransport(res, format.answer), format.encoder, format.settings);
  if (state === 'head') return answerHead(res, format);
  return refused(format.encoder.name, unwritable('a response', state));
}

/** With the head of what GET would be answered with now. */
function answerHead<T>(
  res: ResponseLike,
  { encoder, settings, answer }: EventStreamFormat<T>,
): Observable<ConnectionEvent> {
  const refusal = settings.gate.check({ key: settings.key, session: res.stream?.session });
  const transport = new HttpTransport(res, answer);
  try {
    if (refusal !== undefined) {
      transport.refuse(refusal);
    } else {
      sendHead(res, answer);
      res.end();
    }
  } catch (error) {
    // Of middleware, or of Node, that does not take the headers.
    transport.destroy();
    return closed(encoder.name, { type: 'close', reason: 'error', error });
  }
  return refused(encoder.name, refusal?.error ?? unwritable('a response', 'head'));
}

function refusedState(res: ResponseLike): RefusedState | undefined {
  // `writable` stays true after the end and after destroy, and the request's `destroyed` is true once its body was read.
  // A response that is pipelined has no socket until its turn comes.
  const connection = res.socket ?? (res.stream === undefined ? res.req?.socket : undefined);
  if (res.destroyed || res.stream?.destroyed || connection?.destroyed) return 'destroyed';
  if (res.writableEnded) return 'ended';
  if (res.headersSent) return 'started';
  return res.req?.method === 'HEAD' ? 'head' : undefined;
}
