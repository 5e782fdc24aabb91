import type { Encoder, Serialize } from '../encoding/Encoder.ts';
import { bareEvent, eventStream } from '../encoding/eventStream.ts';
import type { Settings } from '../flow/SinkOptions.ts';
import { isEventName, isRetry } from '../message.ts';
import { checkNames, invalidOption, optionalFunction } from '../options.ts';
import { type BrowserSinkOptions, browserNames, browserSettings, visibleHeartbeat } from './browserOptions.ts';
import { eventStreamHeaders, type GivenHeaders, type HeaderRecord, othersOf } from './eventStreamHeaders.ts';

/** Options of the sinks that speak `text/event-stream`. */
export interface EventStreamOptions<T> extends BrowserSinkOptions<T> {
  /** How long the browser waits before it comes back, sent at the start: an integer of ms, from 100 to 2 147 483 647. @defaultValue the browser's own */
  readonly retry?: number | undefined;
  /**
   * The name of the event that says that the source has completed; `false` for none. A page closes its EventSource on
   * it, which would come back and start again otherwise. @defaultValue 'end'
   */
  readonly end?: string | false | undefined;
  /**
   * Headers to send beside, or in place of, the sink's own; one that is `undefined` is none. `Content-Length`,
   * `Transfer-Encoding` and `Trailer` are the server's to say, and left out; `Connection`, `Keep-Alive`, `Proxy-Connection`,
   * `Upgrade`, `TE` and `HTTP2-Settings` go over HTTP/1 alone, from `toEventSource`.
   */
  readonly headers?: GivenHeaders | undefined;
  /** The status of the answer, of which an EventSource takes only 200. @defaultValue 200 */
  readonly status?: number | undefined;
}

/** The options, checked. */
export interface EventStreamFormat<T> {
  readonly encoder: Encoder;
  readonly settings: Settings<T>;
  readonly answer: EventStreamAnswer;
}

/** What an answer has beside its events. */
export interface EventStreamAnswer {
  readonly status: number;
  readonly headers: HeaderRecord;
  /** Those of them that the application gave, for answers without events: CORS, cookies. */
  readonly given: HeaderRecord;
  /** What goes out first. */
  readonly prelude: string;
  /** What goes out last, after a source that has completed. */
  readonly farewell: string;
}

/** What has a client come back after so many ms. */
export const retryField = (retry: number): string => `retry: ${retry}\n\n`;

/** An answer with one of these ends with its headers: what followed would be taken for the next one. */
const bodiless = new Set([204, 205, 304]);

/** The format and the settings of a sink that speaks `text/event-stream`. */
export function eventStreamFormat<T>(
  where: string,
  options: EventStreamOptions<T>,
  others: readonly string[] = [],
): EventStreamFormat<T> {
  checkNames(where, options, [...browserNames, 'retry', 'end', 'headers', 'status', ...others]);
  const { retry, end = 'end', status = 200 } = options;
  if (retry !== undefined && !isRetry(retry))
    throw invalidOption('retry', 'an integer of milliseconds, from 100 to 2147483647', retry);
  if (end !== false && !isEventName(end)) throw invalidOption('end', 'false or the name of an event', end);
  if (!(Number.isInteger(status) && status >= 200 && status <= 599) || bodiless.has(status))
    throw invalidOption('status', 'an HTTP status from 200 to 599 whose answer has a body', status);
  const encoder = eventStream(optionalFunction('serialize', options.serialize) as Serialize<unknown> | undefined);
  const headers = eventStreamHeaders(options.headers);
  const visible = visibleHeartbeat(options.heartbeat);
  return {
    encoder,
    settings: browserSettings(options, visible === undefined ? encoder.heartbeat : bareEvent(visible)),
    answer: {
      status,
      headers,
      given: othersOf(headers),
      prelude: retry === undefined ? '' : retryField(retry),
      farewell: end === false ? '' : bareEvent(end),
    },
  };
}
