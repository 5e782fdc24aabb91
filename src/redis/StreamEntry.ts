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

/** How many bytes entries carry. */
export function bytesOf(entries: readonly StreamEntry[]): number {
  return entries.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
}

const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder();

/** What an answer to XRANGE holds, and for each stream one to XREAD (https://redis.io/docs/latest/commands/xrange/). */
export function entriesOf(reply: unknown): StreamEntry[] {
  return (reply as readonly [Uint8Array, readonly Uint8Array[] | null][]).map(([id, fields]) =>
    entryOf(latin1.decode(id), fields ?? []),
  );
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

function entryOf(id: string, fields: readonly Uint8Array[]): StreamEntry {
  const found: Record<string, Uint8Array | undefined> = {};
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = latin1.decode(fields[index] as Uint8Array);
    if (names.has(name)) found[name] = fields[index + 1];
  }
  const { data, event, retry } = found;
  // Byte by byte, as the scripts compare them.
  const [epoch, prev] = [found.epoch && latin1.decode(found.epoch), found.prev && latin1.decode(found.prev)];
  // Another program may use the same names for something else: what the scripts say of it is the same.
  const isOurs = epoch !== undefined && isEpoch(epoch) && prev !== undefined && (prev === '-' || isEntryId(prev));
  const chain = isOurs ? { epoch, prev } : { epoch: undefined, prev: undefined };
  return {
    id,
    data,
    event: text(event),
    retry: text(retry),
    ...chain,
    leads: undefined,
    made: undefined,
    segment: undefined,
  };
}

const names = new Set(['data', 'event', 'retry', 'epoch', 'prev']);

function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : utf8.decode(value);
}
