import { textOf } from '../encoding/Encoder.ts';
import { Message } from '../message.ts';

/**
 * How values become the text that Redis carries, and back. What `encode` throws, or an answer that is no text, refuses
 * the value (`ERR_UNSERIALISABLE`); what `decode` throws skips the payload and reports it (`ERR_UNREADABLE`).
 *
 * ```ts
 * const numbers: Codec<number> = { encode: String, decode: Number };
 * ```
 */
export interface Codec<T> {
  encode(value: T): string;
  decode(text: string): T;
}

/** Text as it is. */
export const text: Codec<string> = {
  encode: (value) => value,
  decode: (value) => value,
};

/** The type of {@link json}: it fits where a `Codec` of any type is wanted. */
export interface JsonCodec {
  encode(value: unknown): string;
  decode<T>(text: string): T;
}

/**
 * JSON (RFC 8259). A value that no client could be sent is refused, a text with a lone surrogate too. So is a payload with a
 * key `__proto__`: it would give an object a prototype of the sender's making as soon as somebody copies it with
 * `Object.assign`.
 *
 * ```ts
 * const ticks = new RedisStore<Tick>({ redis, channel: 'ticks', codec: json }); // say the type: JSON does not
 * ```
 */
export const json: JsonCodec = {
  encode: (value) => {
    // JSON leaves out the data that a Message has not.
    if (value instanceof Message) textOf(value.data, JSON.stringify);
    const text = JSON.stringify(value);
    // What no reader would take, and what no client could be sent: JSON escapes a lone surrogate.
    if (mayHaveProto.test(text) || mayHaveHalf.test(text)) textOf(json.decode(text), JSON.stringify);
    return text;
  },
  decode: <T>(from: string): T => (mayHaveProto.test(from) ? JSON.parse(from, refuseProto) : JSON.parse(from)) as T,
};

// A reviver makes parsing several times slower, so it is for the texts that may need it: `_` can be written \u005f too.
const mayHaveProto = /__proto__|\\u005f/i;
// Of a text alone: within an object the sinks escape it too.
const mayHaveHalf = /^".*\\ud[89a-f]/is;

function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('Expected no key `__proto__` in JSON');
  return value;
}
