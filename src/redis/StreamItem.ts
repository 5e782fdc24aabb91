import { reportError } from '../diagnostics.ts';
import { Message } from '../message.ts';
import type { Codec } from './Codec.ts';
import { decodePayload } from './payload.ts';
import { idOf, noEpoch, type Place } from './place.ts';
import { bytesOf, type StreamEntry } from './StreamEntry.ts';

/** What is made of an entry, once for all who get it. */
export interface StreamItem {
  readonly place: Place;
  /** The id to come back with. */
  readonly position: string;
  /** What clients of the log get; nothing where the entry only marks something, or cannot be read, which is reported. */
  readonly message: Message | undefined;
  /** What was published. */
  readonly value: unknown;
  /** How many it carries. */
  readonly bytes: number;
}

/** How entries are read. */
export interface Reading {
  readonly codec: Codec<unknown>;
  readonly maxMessageBytes: number;
  /** The stream's name, for errors. */
  readonly key: string;
}

export function itemOf(entry: StreamEntry, reading: Reading): StreamItem {
  const place = placeOfEntry(entry);
  const position = idOf(place);
  const bytes = bytesOf([entry]);
  try {
    return { place, position, bytes, ...read(entry, reading, position) };
  } catch (error) {
    reportError('receive', error);
    return { place, position, bytes, message: undefined, value: undefined };
  }
}

export function placeOfEntry({ id, epoch }: StreamEntry): Place {
  return { epoch: epoch ?? noEpoch, id };
}

function read({ data, event, retry }: StreamEntry, { codec, maxMessageBytes, key }: Reading, id: string) {
  if (data === undefined) return { message: undefined, value: undefined };
  const decoded = decodePayload(codec, data, key, maxMessageBytes);
  const fields = { event: event || undefined, retry: retry === undefined ? undefined : Number(retry) };
  const message = new Message({ data: decoded, ...fields, id });
  // A Message was published, or what another program takes for one.
  return { message, value: event === undefined && retry === undefined ? decoded : message };
}
