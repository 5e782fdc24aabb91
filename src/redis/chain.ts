import type { GapReason } from '../message.ts';
import { isEntryId, noEpoch, type Place } from './place.ts';
import type { StreamEntry } from './StreamEntry.ts';
import { placeOfEntry } from './StreamItem.ts';

/*
 * Each entry of this library's names the one before it. Where it is not the one that was seen last, something may be
 * missing: it was trimmed or deleted, or it is another stream, or one that has lost what it had acknowledged.
 */

/**
 * Whether an entry of this library's comes right after a place. The same id may be given out again in the millisecond in
 * which a stream was deleted, but not with the same epoch.
 */
export function follows({ epoch, prev }: StreamEntry, place: Place): boolean {
  return prev === place.id && (place.epoch === noEpoch || place.epoch === epoch);
}

/** Whether something may be missing between a place and the entry that came after it. Entries of others do not say. */
export function isBroken(entry: StreamEntry, before: Place): boolean {
  return entry.prev !== undefined && !follows(entry, before);
}

/** How many bytes of entries go together, at most. */
const mostTogether = 24 * 1024;

/** Marks which entries of a page go together: those between which nothing is missing. The first of all is mostly what a client has seen last. */
export function markSegments(page: readonly StreamEntry[]): void {
  let together: StreamEntry[] = [];
  let bytes = 0;
  for (const entry of page.slice(1)) {
    const before = together.at(-1);
    const own = entry.data?.length ?? 0;
    if (before !== undefined && bytes + own <= mostTogether && !isBroken(entry, placeOfEntry(before))) {
      together.push(entry);
      bytes += own;
    } else {
      together = [entry];
      bytes = own;
      entry.leads = together;
    }
  }
}

/** Where to go on so that `entry`, which is at `place`, is the next one. */
export function placeBefore({ data, prev }: StreamEntry, place: Place): Place {
  if (data === undefined) return place;
  return { epoch: place.epoch, id: prev !== undefined && isEntryId(prev) ? prev : '0-0' };
}

/** Why something may be missing between a place and the entry that came after it. */
export function reasonOf(entry: StreamEntry, place: Place): GapReason {
  const isSame = entry.epoch === undefined || entry.epoch === place.epoch;
  return isSame && entry.prev !== '-' ? 'trimmed' : 'unknown-epoch';
}

/** Why a client cannot go on from a place, where `first` is the first entry from there on that is retained for `ttl` ms. */
export function lossOf(place: Place, first: StreamEntry | undefined, ttl: number | undefined): GapReason {
  if (first === undefined) return 'unknown-epoch';
  // Which one was before the first says nothing of this place.
  const reason = reasonOf({ ...first, prev: undefined }, place);
  if (reason === 'unknown-epoch' || ttl === undefined) return reason;
  return Number(place.id.split('-')[0]) < Date.now() - ttl ? 'expired' : 'trimmed';
}
