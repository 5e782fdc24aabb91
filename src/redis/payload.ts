import { unserialisable } from '../encoding/Encoder.ts';
import { TornadoseError } from '../errors.ts';
import type { Codec } from './Codec.ts';

// A byte order mark is part of the text that was published.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a value. @throws TornadoseError `ERR_UNSERIALISABLE` */
export function encodePayload<T>(codec: Codec<T>, value: T): string {
  let text: string;
  try {
    text = codec.encode(value);
  } catch (error) {
    throw TornadoseError.is(error) ? error : unserialisable(value, error);
  }
  if (typeof text !== 'string') throw unserialisable(value);
  // A lone surrogate would arrive as U+FFFD: another text than the one that was published.
  if (!text.isWellFormed()) throw unserialisable(value, new Error('it has a lone surrogate'));
  return text;
}

/** The value of a payload that came in. @throws TornadoseError `ERR_TOO_LARGE`, `ERR_UNREADABLE` */
export function decodePayload<T>(codec: Codec<T>, payload: Uint8Array, channel: string, limit: number): T {
  const bytes = payload.length;
  if (bytes > limit) throw tooLarge(bytes, limit);
  try {
    return codec.decode(utf8.decode(payload));
  } catch (cause) {
    throw new TornadoseError(
      'ERR_UNREADABLE',
      `Expected a payload on ${JSON.stringify(channel)} that the codec can read, got ${bytes} bytes that it cannot`,
      { channel, bytes },
      { cause },
    );
  }
}

export function tooLarge(bytes: number, limit: number): TornadoseError {
  return new TornadoseError('ERR_TOO_LARGE', `Expected a payload of at most ${limit} bytes, got ${bytes}`, {
    bytes,
    limit,
  });
}
