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

/** How many bytes go together, at most: it is one write. */
const longest = 48 * 1024;
/** Who makes bytes of one message makes them of all. */
const makesBytes = new WeakSet<Encoder>();

/**
 * The frame of messages that go together; `undefined` where they do not: one of them cannot be sent, they are too long, or
 * the encoder makes bytes of them, which nobody may join but a transport that knows them.
 */
export function encodeTogether(encoder: Encoder, messages: () => Iterable<Message>): Frame | undefined {
  if (makesBytes.has(encoder)) return undefined;
  let text = '';
  let events = 0;
  try {
    for (const message of messages()) {
      const content = encoded(encoder, message);
      if (typeof content !== 'string') {
        makesBytes.add(encoder);
        return undefined;
      }
      if (text.length + content.length > longest) return undefined;
      if (content !== '') events += 1;
      text += content;
    }
  } catch {
    // It is reported when it is encoded by itself, which is next.
    return undefined;
  }
  const bytes = bytesOf(text);
  return bytes.length > longest ? undefined : new Frame(undefined, bytes, events);
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
    return encoded(encoder, value);
  } catch (error) {
    const emission = emissionInProgress();
    if (emission?.isReported !== true)
      reportError('encode', TornadoseError.is(error) ? error : unserialisable(value, error));
    // Clients of another encoder cannot have it either, and that is the same report.
    if (emission !== undefined) emission.isReported = true;
    return undefined;
  }
}

/** @throws what the encoder throws, and a TornadoseError `ERR_UNSERIALISABLE` */
function encoded(encoder: Encoder, value: unknown): string | Uint8Array {
  const message = value instanceof Message ? value : { data: value };
  // Whatever the encoder: `${JSON.stringify(undefined)}` is the text "undefined".
  if (hasNoText(message.data)) throw unserialisable(message.data);
  const content = encoder.encode(message);
  // Texts are joined before they become bytes, which must not make one character of two halves.
  if (typeof content === 'string') return content.isWellFormed() ? content : bytesOf(content);
  if (content instanceof Uint8Array) return content;
  throw unserialisable(value);
}
