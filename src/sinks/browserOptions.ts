import type { Serialize } from '../encoding/Encoder.ts';
import { type Settings, type SinkOptions, settingsOf, sinkOptionNames } from '../flow/SinkOptions.ts';
import { type DataOf, isEventName } from '../message.ts';
import { checkNames, invalidOption, milliseconds } from '../options.ts';

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

/** The names of the options that the sinks for browsers share. */
export const browserNames: readonly string[] = [...sinkOptionNames, 'serialize'];

/** The engine's settings of a sink for browsers; `sign` is the heartbeat's text, if it has one. */
export function browserSettings<T>(options: BrowserSinkOptions<T>, sign: string | Uint8Array | undefined): Settings<T> {
  const { heartbeat, ...others } = options;
  const every = typeof heartbeat === 'object' ? milliseconds('heartbeat.every', heartbeat.every, undefined) : heartbeat;
  return settingsOf({ ...others, heartbeat: every }, sign);
}

/** The name of the heartbeat's event, where a page is to see it. */
export function visibleHeartbeat(heartbeat: number | false | VisibleHeartbeat | undefined): string | undefined {
  if (heartbeat === null) throw invalidOption('heartbeat', 'a number of milliseconds, false or { every, event }', null);
  if (typeof heartbeat !== 'object') return undefined;
  checkNames('heartbeat', heartbeat, ['every', 'event']);
  if (heartbeat.event === undefined || isEventName(heartbeat.event)) return heartbeat.event;
  throw invalidOption('heartbeat.event', 'the name of an event', heartbeat.event);
}
