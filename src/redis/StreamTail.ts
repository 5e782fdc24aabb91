import { reportError, reportGap } from '../diagnostics.ts';
import { later } from '../later.ts';
import { Gap, type GapReason, type Message } from '../message.ts';
import { follows, placeBefore, reasonOf } from './chain.ts';
import type { StreamListener } from './Followed.ts';
import { compareIds, idOf, isSamePlace, type Place } from './place.ts';
import { RecentItems } from './RecentItems.ts';
import type { StreamEntry } from './StreamEntry.ts';
import { placeOfEntry, type StreamItem } from './StreamItem.ts';
import type { Streams } from './Streams.ts';

/** For how many ms entries are delivered before the event loop turns, and how many come between two looks at the clock. */
const budget = 5;
const stride = 16;

/** The log that a tail belongs to, which tells those who follow. */
export interface TailOwner {
  /** The stream's key, as it was given. */
  readonly name: string;
  /** Nothing more is to come. */
  readonly isEnded: boolean;
  item(entry: StreamEntry): StreamItem;
  /** What clients of the log get, and what was published. */
  received(message: Message, value: unknown): void;
  missed(gap: Gap): void;
}

/**
 * The end of a stream, as far as this process knows: what came last, and whether anything is missing before what comes.
 * It knows of none until it is `attached`.
 */
export class StreamTail implements StreamListener {
  readonly key: string;
  readonly #streams: Streams;
  readonly #timeout: number;
  readonly #owner: TailOwner;
  readonly #recent = new RecentItems();
  #place: Place | undefined;

  constructor(streams: Streams, timeout: number, owner: TailOwner) {
    this.key = streams.fullKey(owner.name);
    this.#streams = streams;
    this.#timeout = timeout;
    this.#owner = owner;
  }

  /** The last entry that has come; none before the stream was asked. */
  get place(): Place | undefined {
    return this.#place;
  }

  /** What came last, where it is still in memory. */
  get recent(): Pick<RecentItems, 'start' | 'end' | 'message'> {
    return this.#recent;
  }

  /** The number of the recent message at a place; `ahead` where it has not come here yet, nothing where it is not in memory. */
  find(place: Place): number | 'ahead' | undefined {
    const end = this.#place as Place;
    if (isSamePlace(place, end)) return this.#recent.end;
    if (compareIds(place.id, end.id) > 0) return 'ahead';
    return this.#recent.find(place);
  }

  /** The stream ends there, and is followed from there on. */
  attached(place: Place): void {
    this.#place = place;
    this.#recent.clear(place);
    this.#streams.follow(this, this.#timeout);
  }

  /** It is not followed any more. Who is behind can still read what comes before the end. */
  stop(): void {
    this.#streams.unfollow(this, this.#owner.name);
    this.#recent.clear();
  }

  /** Where the end is will be asked anew. */
  forget(): void {
    this.#place = undefined;
  }

  // ── from the reader ────────────────────────────────────────────────────────────────────────────────────────────

  /** The entry that has come last. */
  get after(): string {
    return (this.#place as Place).id;
  }

  async received(entries: readonly StreamEntry[]): Promise<void> {
    const [first] = entries;
    let isThere = first === undefined || first.prev !== undefined || (await this.#isThere());
    let ends = performance.now() + budget;
    for (const [index, entry] of entries.entries()) {
      if (index % stride === stride - 1 && performance.now() > ends) {
        await new Promise<void>((resolve) => later(resolve));
        ends = performance.now() + budget;
      }
      const place = this.#place;
      if (place === undefined || this.#owner.isEnded) return;
      if (compareIds(entry.id, place.id) <= 0) continue;
      // What another program has added does not say what was before it.
      if (entry.prev === undefined ? !isThere : !follows(entry, place)) {
        this.#tell(reasonOf(entry, place), placeBefore(entry, this.#owner.item(entry).place));
      }
      isThere = true;
      this.#take(entry);
    }
  }

  quiet(): void {
    const place = this.#place;
    if (place === undefined) return;
    this.#streams
      .attach(this.#owner.name, this.#timeout)
      .then((last) => {
        if (place !== this.#place || compareIds(last.id, place.id) > 0 || isSamePlace(last, place)) return;
        // It was replaced: what it was is not known, nor what was in it before.
        this.#tell('unknown-epoch', last);
      })
      // Of those who are told as well.
      .catch((error) => reportError('read', error));
  }

  /** Whether the entry that has come last is still there, so that nothing is missing after it. */
  async #isThere(): Promise<boolean> {
    try {
      const entry = await this.#streams.pages.entry(this.#owner.name, this.after, this.#timeout);
      return entry !== undefined && this.#place !== undefined && isSamePlace(placeOfEntry(entry), this.#place);
    } catch (error) {
      // It is not known, then, and those who follow are told so.
      reportError('read', error);
      return false;
    }
  }

  /** Something may be missing before what comes after `place`. */
  #tell(reason: GapReason, place: Place): void {
    const position = idOf(place);
    const gap = new Gap({ reason }, position);
    reportGap(reason, 'log', this.#owner.name);
    // Whoever stands at what came before finds out for himself.
    this.#recent.clear();
    // Who stands where the log was before has yet to be told.
    this.#place = place;
    this.#recent.push({ place, position, message: gap, value: gap, bytes: 0 });
    this.#owner.missed(gap);
  }

  #take(entry: StreamEntry): void {
    const item = this.#owner.item(entry);
    this.#place = item.place;
    if (item.message === undefined) return;
    this.#recent.push(item);
    this.#owner.received(item.message, item.value);
  }
}
