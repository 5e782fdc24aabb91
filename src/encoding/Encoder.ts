import { shown, TornadoseError } from '../errors.ts';
import { memo } from '../memo.ts';
import type { MessageFields } from '../message.ts';
import { jsonInProgress } from './Emission.ts';

/**
 * How a message becomes bytes. Make one of these for each format, not for each client: frames are shared by all
 * connections that have the *same* encoder object.
 *
 * ```ts
 * const ndjson: Encoder = { name: 'ndjson', encode: ({ data }) => `${JSON.stringify(data)}\n`, heartbeat: '\n' };
 * ```
 */
export interface Encoder {
  /** What diagnostics call it. */
  readonly name: string;
  /**
   * The text or bytes of one message, complete with whatever ends it; a plain value comes as `{ data }`.
   * What it throws, or an answer that is no text or bytes, makes the message *unserialisable*: skipped and reported.
   */
  encode(message: MessageFields<unknown>): string | Uint8Array;
  /** What is sent after a silence, so that nobody on the way thinks the connection dead. Without one, nothing is. */
  readonly heartbeat?: string | Uint8Array | undefined;
}

/** Data to text, for everything but strings. Keep it in a constant: clients share frames where they share it. */
export type Serialize<T = never> = (data: T) => string;

/** The error of a value that has no text. */
export function unserialisable(received: unknown, cause?: unknown): TornadoseError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new TornadoseError(
    'ERR_UNSERIALISABLE',
    `Expected a value that can be sent as text, got ${shown(received)}${why}`,
    { received },
    { cause },
  );
}

/** What `serialize` makes of the data, refused when it is no text or could not be written as UTF-8 without change. */
export function textOf(data: unknown, serialize: Serialize<unknown>): string {
  // `JSON.stringify` says the same, and takes three times as long.
  if (typeof data === 'number' && serialize === json && Number.isFinite(data)) return String(data);
  const text = typeof data === 'string' ? data : serialize === json ? jsonOf(data) : serialize(data);
  if (typeof text !== 'string') throw unserialisable(data);
  // A lone surrogate would go out as U+FFFD: another text than the one that was published.
  if (!text.isWellFormed()) throw unserialisable(data, new Error('it has a lone surrogate'));
  return text;
}

/** The JSON of the data, which a log may have made already. */
export function jsonOf(data: unknown): string | undefined {
  return jsonInProgress(data) ?? JSON.stringify(data);
}

/** The default serializer. One constant, so that all who use the default share their frames. */
export const json: Serialize<unknown> = JSON.stringify;

/** One encoder per serializer, for as long as the serializer lives: clients share frames where they share the encoder. */
export function perSerializer(
  make: (serialize: Serialize<unknown>) => Encoder,
): (serialize?: Serialize<unknown>) => Encoder {
  const made = new WeakMap<Serialize<unknown>, Encoder>();
  return (serialize = json) => memo(made, serialize, make);
}
