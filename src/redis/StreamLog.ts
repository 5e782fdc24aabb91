import { Observable, type Observer, type Subscriber, type Unsubscribable } from 'rxjs';
import { reportError, reportGap } from '../diagnostics.ts';
import { Emission } from '../encoding/Emission.ts';
import { later } from '../later.ts';
import { memo } from '../memo.ts';
import { Gap, type GapReason, type Message } from '../message.ts';
import { checkNames, invalidOption, oneOf } from '../options.ts';
import { demandOf } from '../pull/demand.ts';
import { Audience } from '../stores/Audience.ts';
import { endLate } from '../stores/Cursor.ts';
import type { SinceOptions } from '../stores/Log.ts';
import { inTurn } from '../stores/turns.ts';
import { Backoff } from './Backoff.ts';
import { follows, placeBefore, reasonOf } from './chain.ts';
import type { StreamListener } from './Followed.ts';
import { compareIds, idOf, isSamePlace, type Place, placeOf } from './place.ts';
import { RecentItems } from './RecentItems.ts';
import { StreamCursor, type StreamCursorLog } from './StreamCursor.ts';
import type { StreamEntry } from './StreamEntry.ts';
import { itemOf, placeOfEntry, type Reading, type StreamItem } from './StreamItem.ts';
import type { Streams } from './Streams.ts';

/** How long a stream is followed when nobody is there, in ms: a page that is reloaded finds it still there. */
const linger = 1_000;
/** For how many ms entries are delivered before the event loop turns, and how many come between two looks at the clock. */
const budget = 5;
const stride = 16;

/** What a log tells the store that it belongs to. */
export interface StreamLogOwner {
  /** A value that was published, by whichever process. */
  received(value: unknown): void;
  missed(gap: Gap): void;
}

export interface StreamLogSettings extends Reading {
  readonly timeout: number;
  readonly ttl: number | undefined;
}

/**
 * A stream of Redis as a log: where its end is, as far as this process knows, and those who follow there. They are told
 * of what comes as it comes; who is not at the end reads for himself, with a cursor.
 */
export class StreamLog implements StreamCursorLog, StreamListener {
  readonly settings: StreamLogSettings;
  readonly #streams: Streams;
  readonly #owner: StreamLogOwner;
  readonly #items = new WeakMap<StreamEntry, StreamItem>();
  readonly #recent = new RecentItems();
  /** The last entry that has come; none before the stream was asked. */
  #place: Place | undefined;
  readonly #live = new Audience<Message>();
  readonly #waiting = new Map<Observer<Message>, () => void>();
  readonly behind: Set<Observer<Message>> = new Set();
  #holds = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attaching = false;
  #ending: ((cursor: Observer<Message>) => void) | undefined;

  constructor(streams: Streams, settings: StreamLogSettings, owner: StreamLogOwner) {
    this.#streams = streams;
    this.settings = settings;
    this.#owner = owner;
  }

  /** The stream's full name. */
  get key(): string {
    return this.#streams.fullKey(this.settings.key);
  }

  get name(): string {
    return this.settings.key;
  }

  /** Whether anybody follows. */
  get observed(): boolean {
    return this.#live.size > 0 || this.#waiting.size > 0;
  }

  // ── who is there ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Somebody wants what comes. Each call is one to `letGo`. */
  hold(): void {
    this.#holds += 1;
    if (this.#holds > 1) return;
    clearTimeout(this.#timer);
    this.#attach(new Backoff(100, 2_000));
  }

  letGo(): void {
    this.#holds -= 1;
    if (this.#holds > 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.rest(), linger);
  }

  /** Stops following if nobody is there. */
  rest(): void {
    if (this.#holds > 0) return;
    this.stop();
    this.#place = undefined;
  }

  /** Stops following, whoever is there. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#streams.unfollow(this, this.settings.key);
    this.#recent.clear();
  }

  /** See `Log.since`. */
  since(position: string | undefined, options: SinceOptions = {}): Observable<Message> {
    if (position !== undefined && typeof position !== 'string')
      throw invalidOption('position', 'a string, or undefined', position);
    checkNames('since', options, ['otherwise']);
    const otherwise = oneOf('otherwise', options.otherwise, ['live', 'earliest'], 'live');
    return new Observable<Message>((subscriber) => {
      if (this.#ending !== undefined) {
        this.#ending(subscriber);
        return;
      }
      const demand = demandOf(subscriber as Subscriber<never>);
      // What is retained has its place when it is read, and that waits for the client.
      if (otherwise === 'live') demand?.followLater?.();
      const cursor = new StreamCursor(this, subscriber, demand, otherwise);
      this.hold();
      subscriber.add(() => {
        this.#waiting.delete(cursor);
        this.letGo();
      });
      const begin = (): void => cursor.begin(position || undefined);
      if (this.#place === undefined) this.#waiting.set(cursor, begin);
      else begin();
    });
  }

  /** Ends all who follow, and the others when they have come to the end. */
  finish(ending: (cursor: Observer<Message>) => void): void {
    this.#ending ??= ending;
    const cursors = [...this.#live.observers, ...this.#waiting.keys()];
    this.#live.clear();
    this.#waiting.clear();
    for (const cursor of cursors) ending(cursor);
    endLate(this.behind, ending);
  }

  get ending(): ((cursor: Observer<Message>) => void) | undefined {
    return this.#ending;
  }

  // ── what cursors ask ───────────────────────────────────────────────────────────────────────────────────────────

  get start(): number {
    return this.#recent.start;
  }

  get end(): number {
    return this.#recent.end;
  }

  message(number: number): Message {
    return this.#recent.message(number);
  }

  join(cursor: Observer<Message>): Unsubscribable | undefined {
    if (this.#ending === undefined) return this.#live.join(cursor);
    this.#ending(cursor);
    return undefined;
  }

  get position(): string {
    return idOf(this.#place as Place);
  }

  find(place: Place): number | 'ahead' | undefined {
    const end = this.#place as Place;
    if (isSamePlace(place, end)) return this.end;
    if (compareIds(place.id, end.id) > 0) return 'ahead';
    return this.#recent.find(place);
  }

  page(from: string, count: number, isWanted: () => boolean): Promise<readonly StreamEntry[]> {
    return this.#streams.page(this.settings.key, from, count, this.settings.timeout, isWanted);
  }

  get ttl(): number | undefined {
    return this.settings.ttl;
  }

  item(entry: StreamEntry): StreamItem {
    return memo(this.#items, entry, () => itemOf(entry, this.settings));
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
      if (place === undefined || this.#ending !== undefined) return;
      if (compareIds(entry.id, place.id) <= 0) continue;
      // What another program has added does not say what was before it.
      if (entry.prev === undefined ? !isThere : !follows(entry, place)) this.#miss(reasonOf(entry, place), entry);
      isThere = true;
      this.#take(entry);
    }
  }

  quiet(): void {
    const place = this.#place;
    if (place === undefined) return;
    this.#streams.attach(this.settings.key, this.settings.timeout).then(
      (last) => {
        if (place !== this.#place || compareIds(last.id, place.id) > 0 || isSamePlace(last, place)) return;
        // It was replaced: what it was is not known, nor what was in it before.
        this.#tell(new Gap({ reason: 'unknown-epoch' }, idOf(last)));
      },
      (error) => reportError('read', error),
    );
  }

  // ── the end of the stream ──────────────────────────────────────────────────────────────────────────────────────

  #attach(backoff: Backoff): void {
    if (this.#place !== undefined || this.#attaching || this.#holds === 0) return;
    this.#attaching = true;
    const attached = this.#streams.attach(this.settings.key, this.settings.timeout);
    attached.then(
      (place) => {
        this.#attaching = false;
        if (this.#holds > 0 && this.#ending === undefined) this.#attached(place);
      },
      (error) => {
        this.#attaching = false;
        reportError('read', error);
        clearTimeout(this.#timer);
        if (this.#holds > 0 && this.#ending === undefined)
          this.#timer = setTimeout(() => this.#attach(backoff), backoff.next());
      },
    );
  }

  #attached(place: Place): void {
    this.#place = place;
    this.#recent.clear(place);
    this.#streams.follow(this, this.settings.timeout);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const begin of waiting) inTurn(begin);
  }

  async #isThere(): Promise<boolean> {
    try {
      const entry = await this.#streams.entry(this.settings.key, this.after, this.settings.timeout);
      return entry !== undefined && this.#place !== undefined && isSamePlace(placeOfEntry(entry), this.#place);
    } catch {
      return false;
    }
  }

  #miss(reason: GapReason, entry: StreamEntry): void {
    const { place } = this.item(entry);
    this.#tell(new Gap({ reason }, idOf(placeBefore(entry, place))));
  }

  #tell(gap: Gap): void {
    reportGap(gap.data.reason, 'log', this.name);
    // Whoever stands at what came before finds out for himself.
    this.#recent.clear();
    const place = placeOf(gap.id as string) as Place;
    // Who stands where the log was before has yet to be told.
    this.#place = place;
    this.#recent.push({ place, position: gap.id as string, message: gap, value: gap }, 0);
    new Emission(gap as Message).run(this.#live);
    this.#owner.missed(gap);
  }

  #take(entry: StreamEntry): void {
    const item = this.item(entry);
    this.#place = item.place;
    if (item.message === undefined) return;
    this.#recent.push(item, entry.data?.length ?? 0);
    new Emission(item.message).run(this.#live);
    this.#owner.received(item.value);
  }
}
