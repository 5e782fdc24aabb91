import { reportError } from '../diagnostics.ts';
import { TornadoseError } from '../errors.ts';
import { Message, madeOf } from '../message.ts';
import { bytesOf } from './bytes.ts';
import { Emission, emissionInProgress } from './Emission.ts';
import { type Encoder, unserialisable } from './Encoder.ts';
import { Frame } from './Frame.ts';

/**
 * The frame of a value, shared by all who ask for it during one emission of a store. Where it is this client's alone (a
 * `map` per client, a timer, a Subject of one's own) and the encoder makes a text of it, that text: nobody else needs a
 * frame. A value that cannot be sent gives a frame without bytes, and one report on `tornadose:error` for each time it was
 * encoded.
 */
export function encodeOnce(encoder: Encoder, value: unknown): Frame | string {
  const emission = emissionInProgress();
  if (emission !== undefined) {
    if (Object.is(emission.value, value)) return emission.frame(encoder, encode);
    if (isPrimitive(value)) return emission.derivedFrame(encoder, value, encode);
  }
  // Outside of an emission: a message is immutable, so its frames are good for as long as it lives.
  if (value instanceof Message) {
    const frame = madeOf(value, emissionOf).frame(encoder, encode);
    // Clients that come back want it one by one, each among others: measured here, it is measured once.
    void frame.length;
    return frame;
  }
  const content = contentOf(encoder, value);
  return typeof content === 'string' ? content : new Frame(value, content);
}

/** The frame of a value, encoded now. */
export function encode(encoder: Encoder, value: unknown): Frame {
  return new Frame(value, contentOf(encoder, value));
}

/** What nobody can change, so that equal ones are the same. */
function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}

function emissionOf(message: Message): Emission {
  return new Emission(message);
}

function hasNoText(data: unknown): boolean {
  return data === undefined || typeof data === 'function' || typeof data === 'symbol';
}

function contentOf(encoder: Encoder, value: unknown): string | Uint8Array | undefined {
  try {
    const message = value instanceof Message ? value : { data: value };
    // Whatever the encoder: `${JSON.stringify(undefined)}` is the text "undefined".
    if (hasNoText(message.data)) throw unserialisable(message.data);
    const encoded = encoder.encode(message);
    // Texts are joined before they become bytes, which must not make one character of two halves.
    if (typeof encoded === 'string') return encoded.isWellFormed() ? encoded : bytesOf(encoded);
    if (encoded instanceof Uint8Array) return encoded;
    throw unserialisable(value);
  } catch (error) {
    const emission = emissionInProgress();
    if (emission?.isReported !== true)
      reportError('encode', TornadoseError.is(error) ? error : unserialisable(value, error));
    // Clients of another encoder cannot have it either, and that is the same report.
    if (emission !== undefined) emission.isReported = true;
    return undefined;
  }
}
