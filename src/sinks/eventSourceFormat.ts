import type { Encoder, Serialize } from '../encoding/Encoder.ts';
import { bareEvent, eventStream } from '../encoding/eventStream.ts';
import { type Settings, type SinkOptions, settingsOf, sinkOptionNames } from '../flow/SinkOptions.ts';
import { type DataOf, isEventName, isRetry } from '../message.ts';
import { checkNames, invalidOption, optionalFunction } from '../options.ts';

/** A heartbeat that a page can see as an event. */
export interface VisibleHeartbeat {
  /** After how many ms of silence. @defaultValue 15 000 */
  readonly every?: number | undefined;
  /** The event's name. Its data is empty. @defaultValue none: an SSE comment, a WebSocket ping */
  readonly event?: string | undefined;
}

/** What the sinks for browsers share. */
export interface BrowserSinkOptions<T> extends Omit<SinkOptions<T>, 'heartbeat'> {
  /** After how many ms of silence a sign of life goes out; `false` for none; an object for one that a page sees. @defaultValue 15 000 */
  readonly heartbeat?: number | false | VisibleHeartbeat | undefined;
  /**
   * Data to text, for everything but strings. Keep it in a constant: clients share frames where they share it.
   * @defaultValue JSON.stringify
   */
  readonly serialize?: Serialize<DataOf<T>> | undefined;
}

/** Options of the sinks that speak `text/event-stream`. */
export interface EventStreamOptions<T> extends BrowserSinkOptions<T> {
  /** How long the browser waits before it comes back, sent at the start: an integer of ms, from 100 to 2 147 483 647. @defaultValue the browser's own */
  readonly retry?: number | undefined;
  /**
   * The name of the event that says that the source has completed; `false` for none. A page closes its EventSource on
   * it, which would come back and start again otherwise. @defaultValue 'end'
   */
  readonly end?: string | false | undefined;
  /** Headers to send beside, or in place of, the sink's own. */
  readonly headers?: Readonly<Record<string, string | number | readonly string[]>> | undefined;
  /** The status of the answer. @defaultValue 200 */
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
  /** By their names in lower case, so that each is there once. */
  readonly headers: ReadonlyMap<string, string | number | readonly string[]>;
  /** What goes out first, and after a source that has completed. */
  readonly prelude: string;
  readonly farewell: string;
}

const ownHeaders: readonly (readonly [string, string])[] = [
  ['content-type', 'text/event-stream'],
  // `no-transform` keeps compression, which would hold events back, from being applied on the way.
  ['cache-control', 'no-cache, no-transform'],
  // nginx buffers what it proxies unless it is told not to.
  ['x-accel-buffering', 'no'],
];

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
  if (!(Number.isInteger(status) && status >= 200 && status <= 599))
    throw invalidOption('status', 'an HTTP status from 200 to 599', status);
  const encoder = eventStream(optionalFunction('serialize', options.serialize) as Serialize<unknown> | undefined);
  const visible = visibleHeartbeat(options.heartbeat);
  return {
    encoder,
    settings: browserSettings(where, options, visible === undefined ? encoder.heartbeat : bareEvent(visible)),
    answer: {
      status,
      headers: headersOf(options.headers),
      prelude: retry === undefined ? '' : `retry: ${retry}\n\n`,
      farewell: end === false ? '' : bareEvent(end),
    },
  };
}

/** The names of the options that the sinks for browsers share. */
export const browserNames: readonly string[] = [...sinkOptionNames, 'serialize'];

/** The engine's settings of a sink for browsers; `sign` is the heartbeat's text, if it has one. */
export function browserSettings<T>(
  where: string,
  options: BrowserSinkOptions<T>,
  sign: string | Uint8Array | undefined,
): Settings<T> {
  const { backpressure, outboxBytes, heartbeat, maxAge, signal, expires } = options;
  const every = typeof heartbeat === 'object' ? heartbeat.every : heartbeat;
  return settingsOf(where, { backpressure, outboxBytes, heartbeat: every, maxAge, signal, expires }, sign);
}

/** The name of the heartbeat's event, where a page is to see it. */
export function visibleHeartbeat(heartbeat: number | false | VisibleHeartbeat | undefined): string | undefined {
  if (typeof heartbeat !== 'object') return undefined;
  checkNames('heartbeat', heartbeat, ['every', 'event']);
  if (heartbeat.event === undefined || isEventName(heartbeat.event)) return heartbeat.event;
  throw invalidOption('heartbeat.event', 'the name of an event', heartbeat.event);
}

function headersOf(given: EventStreamOptions<unknown>['headers'] = {}): EventStreamAnswer['headers'] {
  if (typeof given !== 'object' || given === null)
    throw invalidOption('headers', 'an object of names and values', given);
  const headers = new Map<string, string | number | readonly string[]>(ownHeaders);
  for (const [name, value] of Object.entries(given)) headers.set(name.toLowerCase(), value);
  return headers;
}
