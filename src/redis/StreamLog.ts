import { Observable, type Observer, type Subscriber, type Unsubscribable } from 'rxjs';
import { reportError } from '../diagnostics.ts';
import { Emission } from '../encoding/Emission.ts';
import { Segment } from '../encoding/Segment.ts';
import { memo } from '../memo.ts';
import type { Gap, Message } from '../message.ts';
import { demandOf } from '../pull/demand.ts';
import { Audience } from '../stores/Audience.ts';
import { endLate } from '../stores/Cursor.ts';
import { checkedSince } from '../stores/checkedSince.ts';
import type { SinceOptions } from '../stores/Log.ts';
import { inTurn } from '../stores/turns.ts';
import { Backoff } from './Backoff.ts';
import { idOf, type Place } from './place.ts';
import { StreamCursor, type StreamCursorLog } from './StreamCursor.ts';
import type { Page, StreamEntry } from './StreamEntry.ts';
import { itemOf, placeOfEntry, type Reading, type StreamItem } from './StreamItem.ts';
import type { Streams } from './Streams.ts';
import { StreamTail, type TailOwner } from './StreamTail.ts';

/** How long a stream is followed when nobody is there, in ms: a page that is reloaded finds it still there. */
const linger = 1_000;

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
 * A stream of Redis as a log, and those who follow it. They are told of what comes as it comes; who is not at the end reads for
 * himself, with a cursor.
 */
export class StreamLog implements StreamCursorLog, TailOwner {
  readonly settings: StreamLogSettings;
  readonly #streams: Streams;
  readonly #owner: StreamLogOwner;
  readonly #tail: StreamTail;
  /** What was made of entries that another log was first to ask for. */
  readonly #items = new WeakMap<StreamEntry, StreamItem>();
  readonly #live = new Audience<Message>();
  /** Those who came before it was known where the end is. */
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
    this.#tail = new StreamTail(streams, settings.timeout, this);
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
    this.#tail.forget();
  }

  /** Stops following, whoever is there. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#tail.stop();
  }

  /** See `Log.since`. */
  since(after: string | undefined, options?: SinceOptions): Observable<Message> {
    const { position, otherwise } = checkedSince(after, options);
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
      const begin = (): void => cursor.begin(position);
      if (this.#tail.place === undefined) this.#waiting.set(cursor, begin);
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
    return this.#tail.recent.start;
  }

  get end(): number {
    return this.#tail.recent.end;
  }

  message(number: number): Message {
    return this.#tail.recent.message(number);
  }

  join(cursor: Observer<Message>): Unsubscribable | undefined {
    if (this.#ending === undefined) return this.#live.join(cursor);
    this.#ending(cursor);
    return undefined;
  }

  get position(): string {
    return idOf(this.#tail.place as Place);
  }

  find(place: Place): number | 'ahead' | undefined {
    return this.#tail.find(place);
  }

  page(id: string, count: number, isWanted: () => boolean): Page | Promise<Page> {
    return this.#streams.pages.page(this.settings.key, id, count, this.settings.timeout, isWanted);
  }

  get ttl(): number | undefined {
    return this.settings.ttl;
  }

  item(entry: StreamEntry): StreamItem {
    // To look it up in a WeakMap, for each client and message, would be an eighth of a replay.
    entry.made ??= { by: this.settings, item: itemOf(entry, this.settings) };
    if (entry.made.by === this.settings) return entry.made.item as StreamItem;
    return memo(this.#items, entry, () => itemOf(entry, this.settings));
  }

  segmentFrom(entry: StreamEntry): Segment | undefined {
    if (entry.leads === undefined) return undefined;
    entry.segment ??= { by: this.settings, segment: this.#segmentOf(entry.leads) };
    // There is mostly one log of a stream in a process: those of another one get each by itself.
    return entry.segment.by === this.settings ? entry.segment.segment : undefined;
  }

  #segmentOf(entries: readonly StreamEntry[]): Segment {
    const id = idOf(placeOfEntry(entries.at(-1) as StreamEntry));
    return new Segment(entries.length, id, () => entries.flatMap((entry) => this.#decoded(entry) ?? []));
  }

  /** The message of an entry, without keeping it: what goes together is not asked for one by one. What cannot be read is reported once. */
  #decoded(entry: StreamEntry): Message | undefined {
    if (entry.made !== undefined) return this.item(entry).message;
    const item = itemOf(entry, this.settings);
    if (item.message === undefined) entry.made = { by: this.settings, item };
    return item.message;
  }

  // ── what the tail asks and tells ───────────────────────────────────────────────────────────────────────────────

  get isEnded(): boolean {
    return this.#ending !== undefined;
  }

  received(message: Message, value: unknown): void {
    new Emission(message).run(this.#live);
    this.#owner.received(value);
  }

  missed(gap: Gap): void {
    new Emission(gap).run(this.#live);
    this.#owner.missed(gap);
  }

  // ── the end of the stream ──────────────────────────────────────────────────────────────────────────────────────

  /** Asks where the end is, until that is known. */
  #attach(backoff: Backoff): void {
    if (this.#tail.place !== undefined || this.#attaching || this.#holds === 0) return;
    this.#attaching = true;
    this.#streams.attach(this.settings.key, this.settings.timeout).then(
      (place) => {
        this.#attaching = false;
        if (this.#holds > 0 && !this.isEnded) this.#attached(place);
      },
      (error) => {
        this.#attaching = false;
        reportError('read', error);
        clearTimeout(this.#timer);
        if (this.#holds > 0 && !this.isEnded) this.#timer = setTimeout(() => this.#attach(backoff), backoff.next());
      },
    );
  }

  #attached(place: Place): void {
    this.#tail.attached(place);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const begin of waiting) inTurn(begin);
  }
}
