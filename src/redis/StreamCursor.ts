import type { Observer, Subscriber } from 'rxjs';
import { reportGap, reportResume } from '../diagnostics.ts';
import type { Segment } from '../encoding/Segment.ts';
import { Gap, type GapReason, type Message } from '../message.ts';
import type { Demand } from '../pull/demand.ts';
import { Cursor, type CursorLog, stride } from '../stores/Cursor.ts';
import { hasTime } from '../stores/turns.ts';
import { follows, isBroken, lossOf, placeBefore, reasonOf } from './chain.ts';
import { PageReader, type PageSource } from './PageReader.ts';
import { compareIds, idOf, isSamePlace, noEpoch, type Place, placeOf } from './place.ts';
import type { Page, StreamEntry } from './StreamEntry.ts';
import { placeOfEntry, type StreamItem } from './StreamItem.ts';

/** The number of a cursor that is not among what is in memory. */
const nowhere = -1;

/** What a cursor of a stream goes through: what is in memory of it, and what Redis retains. */
export interface StreamCursorLog extends CursorLog, PageSource {
  /** The stream's key, for reports. */
  readonly name: string;
  /** The id of the end, to come back with. */
  readonly position: string;
  /** How the log has ended, if it has. */
  readonly ending: ((cursor: Observer<Message>) => void) | undefined;
  /** For how many ms entries are retained, if that is bounded. */
  readonly ttl: number | undefined;
  /** The number of the recent message at a place; `ahead` where it has not come here yet, nothing where it is not in memory. */
  find(place: Place): number | 'ahead' | undefined;
  /** What is made of an entry. */
  item(entry: StreamEntry): StreamItem;
  /** What clients get as one, if it begins with that entry. */
  segmentFrom(entry: StreamEntry): Segment | undefined;
}

/**
 * One client's place in a stream. It reads pages from Redis, as far as the client can take them, until it has come to what
 * is in memory.
 */
export class StreamCursor extends Cursor {
  declare protected readonly log: StreamCursorLog;
  readonly #otherwise: 'live' | 'earliest';
  /** What is to be said before the earliest that is retained. */
  #gap: { readonly reason: GapReason; readonly from: string | undefined } | undefined;
  #next: 'earliest' | 'first' | 'more' = 'more';
  #ahead = false;
  /** A position, and its place: what it has set itself need not be read. */
  #known: string | undefined;
  #knownPlace: Place | undefined;
  /** Made when it reads: most clients are at the end, and never do. */
  #reader: PageReader | undefined;

  constructor(
    log: StreamCursorLog,
    subscriber: Subscriber<Message>,
    demand: Demand | undefined,
    otherwise: 'live' | 'earliest',
  ) {
    super(log, subscriber, demand, nowhere, '');
    this.#otherwise = otherwise;
    subscriber.add(() => this.#reader?.stop());
  }

  /** Begins after what the client has seen last. */
  begin(position: string | undefined): void {
    if (this.closed) return;
    if (position === undefined) {
      if (this.#otherwise === 'earliest') this.#next = 'earliest';
      else this.#goToEnd();
    } else {
      const place = placeOf(position);
      if (place === undefined) {
        reportResume(this.log.name, 'malformed');
        this.#skip('malformed', undefined);
      } else {
        this.id = position;
        this.#standsAt(place);
        this.#next = 'first';
      }
    }
    if (this.#next !== 'earliest') this.demand?.follow?.(() => this.id, position === undefined);
    // Of hundreds that come back at once, most wait for a turn: the event loop has none until all have come.
    if (position === undefined || hasTime()) this.run();
    else this.inTurn(this.run);
  }

  /** A new message, while it follows. It may have read that one already. */
  override next(message: Message): void {
    if (this.#ahead) {
      if (!(message instanceof Gap) && !isAfter(message.id, this.id)) return;
      // What is between is looked up: the log's end may have come here another way.
      this.#ahead = false;
      this.stop();
      this.offset = nowhere;
      this.run();
      return;
    }
    super.next(message);
  }

  protected override overtaken(): boolean {
    if (this.#next !== 'earliest') {
      const place = this.#place;
      const number = this.log.find(place);
      // What a client says is not to be waited for.
      if (typeof number === 'number') {
        this.#honoured();
        this.offset = number;
        return true;
      }
      this.offset = nowhere;
      if (number === 'ahead' && this.#next === 'more') {
        this.#ahead = true;
        this.follow();
        return false;
      }
    }
    this.#read();
    return false;
  }

  /** Where it stands is known, also to the client that came with a position. */
  #honoured(): void {
    if (this.#next === 'first') reportResume(this.log.name);
    this.#next = 'more';
  }

  #goToEnd(): void {
    this.#next = 'more';
    this.offset = this.log.end;
    this.id = this.log.position;
  }

  /** Something is missing: on with the end, or with the earliest that is retained. */
  #skip(reason: GapReason, from: string | undefined): void {
    if (this.#otherwise === 'live') {
      this.#goToEnd();
      this.tell(reason, from, this.id);
      return;
    }
    this.#gap = { reason, from };
    this.#next = 'earliest';
    this.offset = nowhere;
  }

  #read(): void {
    if (this.log.ending !== undefined && this.#reader?.isFailing) {
      this.log.ending(this);
      return;
    }
    if (this.isFull(this.run)) return;
    this.log.behind.add(this);
    if (this.#next !== 'earliest') {
      const place = this.#place;
      this.#pages.read(place.id, (page) => this.#from(place, page));
      return;
    }
    // Where to begin if nothing is retained.
    const { position } = this.log;
    this.#pages.read('-', (page) => {
      if (page.entries.length > 0) this.#fromEarliest(page);
      else this.#fromNothing(position);
    });
  }

  get #place(): Place {
    if (this.#known !== this.id) this.#standsAt(placeOf(this.id) as Place);
    return this.#knownPlace as Place;
  }

  /** `id` is the position of this place. */
  #standsAt(place: Place): void {
    this.#known = this.id;
    this.#knownPlace = place;
  }

  get #pages(): PageReader {
    this.#reader ??= new PageReader(this.log, this);
    return this.#reader;
  }

  #fromEarliest(page: Page): void {
    const first = page.entries[0] as StreamEntry;
    this.#beginAt(idOf(placeBefore(first, placeOfEntry(first))));
    this.#take(page, 0);
  }

  /** All that there was has been deleted. */
  #fromNothing(position: string): void {
    this.#beginAt(position);
    this.run();
  }

  #beginAt(id: string): void {
    this.#next = 'more';
    this.id = id;
    const gap = this.#gap;
    this.#gap = undefined;
    this.demand?.follow?.(() => this.id, gap === undefined);
    if (gap !== undefined) this.tell(gap.reason, gap.from, this.id);
  }

  #from(place: Place, page: Page): void {
    const { entries, from } = page;
    const first = entries[from];
    const isFirst = this.#next === 'first';
    if (first !== undefined && isSamePlace(placeOfEntry(first), place)) {
      this.#honoured();
      if (entries.length > from + 1) this.#take(page, from + 1);
      else this.#atEnd(place);
    } else if (first !== undefined && follows(first, place) && (first.epoch ?? noEpoch) === place.epoch) {
      // It is gone, and what came next is not.
      this.#honoured();
      this.#take(page, from);
    } else {
      const found = lossOf(place, first, this.log.ttl);
      const reason = isFirst || found === 'unknown-epoch' ? found : 'too-far-behind';
      if (isFirst) reportResume(this.log.name, reason);
      else reportGap(reason, 'client', this.log.name);
      this.#skip(reason, this.id);
      this.run();
    }
  }

  /** There is nothing after it, though the log knows of more, or of less. */
  #atEnd(place: Place): void {
    if (this.log.find(place) === undefined) this.#pages.later();
    else this.run();
  }

  #take(page: Page, from: number): void {
    this.#pages.taken(page);
    this.#passOn(page.entries, from);
  }

  /** Passes on those from a place in a page on. */
  #passOn(entries: readonly StreamEntry[], from: number): void {
    const last = entries[from - 1];
    let before = last && placeOfEntry(last);
    let index = from;
    let left = 0;
    while (index < entries.length) {
      if (this.closed || this.isFull(this.run)) return;
      if (left <= 0) {
        if (!hasTime()) {
          this.inTurn(() => this.#passOn(entries, index));
          return;
        }
        left = stride;
      }
      const entry = entries[index] as StreamEntry;
      const passed = this.#passFrom(entry, before);
      if (passed === 0) continue;
      index += passed;
      left -= passed;
      before = placeOfEntry(entries[index - 1] as StreamEntry);
      this.#standsAt(before);
    }
    this.run();
  }

  /** Passes on an entry, or all that go together with it, and tells how many that were: none while the client cannot take more. */
  #passFrom(entry: StreamEntry, before: Place | undefined): number {
    const isNext = before === undefined || !isBroken(entry, before);
    const passed = this.passSegment(isNext && this.taker ? this.log.segmentFrom(entry) : undefined);
    if (passed !== undefined) return passed;
    const { position, message, place } = this.log.item(entry);
    if (!isNext) {
      const reason = reasonOf(entry, before);
      reportGap(reason, 'client', this.log.name);
      this.tell(reason, undefined, idOf(placeBefore(entry, place)));
    }
    this.id = position;
    if (message !== undefined) this.pass(message);
    return 1;
  }
}

function isAfter(id: string | undefined, other: string): boolean {
  if (id === undefined) return true;
  return compareIds((placeOf(id) as Place).id, (placeOf(other) as Place).id) > 0;
}
