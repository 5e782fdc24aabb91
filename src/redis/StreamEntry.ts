import type { Segment } from '../encoding/Segment.ts';
import { isEntryId, isEpoch } from './place.ts';

/** An entry of a stream as it came from Redis. */
export interface StreamEntry {
  readonly id: string;
  /** What the value was encoded as; an entry without only marks something. */
  readonly data: Uint8Array | undefined;
  readonly event: string | undefined;
  readonly retry: string | undefined;
  readonly epoch: string | undefined;
  /** The id of the entry before it, or `-` where there is none to go on from. Others than this library add none. */
  readonly prev: string | undefined;
  /** It and those after it in its page that clients get as one, where it is the first of them. */
  leads?: readonly StreamEntry[] | undefined;
  /** What the first log that asked has made of it, and that log's settings. There is mostly one in a process. */
  made?: { readonly by: object; readonly item: unknown } | undefined;
  /** The same of what it leads. */
  segment?: { readonly by: object; readonly segment: Segment } | undefined;
}

/** Entries that were read together. */
export interface Page {
  readonly entries: readonly StreamEntry[];
  /** How many bytes all of them carry, also those before `from`. */
  readonly bytes: number;
  /** The index of the first that was asked for: who shares a page may begin in its midst. */
  readonly from: number;
}

/** How many bytes entries carry. */
export function bytesOf(entries: readonly StreamEntry[]): number {
  return entries.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
}

const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder();

/** What an answer to XRANGE holds, and for each stream one to XREAD (https://redis.io/docs/latest/commands/xrange/). */
export function entriesOf(reply: unknown): StreamEntry[] {
  const entries: StreamEntry[] = [];
  for (const [id, fields] of reply as readonly [Uint8Array, readonly Uint8Array[] | null][])
    entries.push(entryOf(latin1.decode(id), fields ?? [], entries.at(-1)));
  return entries;
}

/** What an answer to XREAD holds, by key: pairs, or in RESP3 a map, which ioredis may give flat. */
export function byKey(reply: unknown): [key: string, entries: StreamEntry[]][] {
  if (reply === null || reply === undefined) return [];
  const pairs: Iterable<[unknown, unknown]> = reply instanceof Map ? reply : pairsOf(reply as readonly unknown[]);
  return Array.from(pairs, ([key, entries]) => [utf8.decode(key as Uint8Array), entriesOf(entries)]);
}

function pairsOf(reply: readonly unknown[]): [unknown, unknown][] {
  if (Array.isArray(reply[0])) return reply as [unknown, unknown][];
  return Array.from({ length: reply.length / 2 }, (_, pair) => [reply[2 * pair], reply[2 * pair + 1]]);
}

/** @param before the entry before it in the answer, with which it mostly shares what says where it is */
function entryOf(id: string, fields: readonly Uint8Array[], before: StreamEntry | undefined): StreamEntry {
  const found: { [Name in FieldName]?: Uint8Array | undefined } = {};
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = nameOf(fields[index] as Uint8Array);
    if (name !== undefined) found[name] = fields[index + 1];
  }
  const { data, event, retry } = found;
  return { id, data, event: text(event), retry: text(retry), ...chainOf(found.epoch, found.prev, before), ...unmade };
}

const unmade = { leads: undefined, made: undefined, segment: undefined };
const foreign = { epoch: undefined, prev: undefined };

/** Another program may use the same names for something else: what the scripts say of it is the same. */
function chainOf(
  epochBytes: Uint8Array | undefined,
  prevBytes: Uint8Array | undefined,
  before: StreamEntry | undefined,
): Pick<StreamEntry, 'epoch' | 'prev'> {
  if (epochBytes === undefined || prevBytes === undefined) return foreign;
  const [lastEpoch, lastId] = [before?.epoch, before?.id];
  if (lastEpoch !== undefined && lastId !== undefined && isText(epochBytes, lastEpoch) && isText(prevBytes, lastId))
    return { epoch: lastEpoch, prev: lastId };
  // Byte by byte, as the scripts compare them.
  const [epoch, prev] = [latin1.decode(epochBytes), latin1.decode(prevBytes)];
  return isEpoch(epoch) && (prev === '-' || isEntryId(prev)) ? { epoch, prev } : foreign;
}

const names = ['data', 'event', 'retry', 'epoch', 'prev'] as const;
type FieldName = (typeof names)[number];

/** To make a text of each name, in each entry, would take as long as all the rest. */
function nameOf(bytes: Uint8Array): FieldName | undefined {
  for (const name of names) if (isText(bytes, name)) return name;
  return undefined;
}

/** Whether these are the bytes of a text that has ASCII alone. */
function isText(bytes: Uint8Array, ascii: string): boolean {
  if (bytes.length !== ascii.length) return false;
  for (let index = 0; index < bytes.length; index += 1) if (bytes[index] !== ascii.charCodeAt(index)) return false;
  return true;
}

function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : utf8.decode(value);
}
