import { reportError } from '../diagnostics.ts';
import { compareIds } from './place.ts';
import { bytesOf, type StreamEntry } from './StreamEntry.ts';

/** How many entries one answer is to hold over all streams, at first and at most, and how many bytes, about. */
const [fewEntries, mostEntries, mostBytes] = [64, 2_000, 1024 * 1024];
/** After how many ms without an entry a stream is asked for: it may have been deleted, or replaced. */
const quiet = 6_000;

/** Who follows a stream. */
export interface StreamListener {
  /** The name of the stream, prefix and all. */
  readonly key: string;
  /** The entry that it has come to. */
  readonly after: string;
  /** What has come after that. The next read waits for it. */
  received(entries: readonly StreamEntry[]): Promise<void>;
  /** Nothing has come for a while. */
  quiet(): void;
}

/** The streams that are read over one connection, and how much of them at a time. */
export class Followed {
  /** With the slot of each in a Cluster, and when something came last. */
  readonly #listeners = new Map<StreamListener, { readonly slot: number; heardAt: number }>();
  readonly #stuck: (listener: StreamListener) => void;
  #entries = fewEntries;

  /** `stuck` is told of each that has failed, and has not come any further: asked again, it would fail again. */
  constructor(stuck: (listener: StreamListener) => void) {
    this.#stuck = stuck;
  }

  get size(): number {
    return this.#listeners.size;
  }

  get listeners(): StreamListener[] {
    return [...this.#listeners.keys()];
  }

  add(listener: StreamListener, slot: number): void {
    this.#listeners.set(listener, { slot, heardAt: performance.now() });
  }

  delete(listener: StreamListener): boolean {
    return this.#listeners.delete(listener);
  }

  clear(): void {
    this.#listeners.clear();
  }

  /** How many entries of each stream the next answer is to have. */
  get count(): number {
    return Math.max(Math.floor(this.#entries / this.size), 1);
  }

  /** Nobody knows how much has come meanwhile. */
  restart(): void {
    this.#entries = fewEntries;
  }

  /** Where to go on, by slot and stream. Two stores of one stream go on from the earlier one's. */
  places(): Map<number, Map<string, string>> {
    const slots = new Map<number, Map<string, string>>();
    for (const [listener, { slot }] of this.#listeners) {
      const { key } = listener;
      const after = this.#afterOf(listener);
      if (after === undefined) continue;
      const places = slots.get(slot) ?? new Map<string, string>();
      slots.set(slot, places);
      const known = places.get(key);
      if (known === undefined || compareIds(after, known) < 0) places.set(key, after);
    }
    return slots;
  }

  /** Gives each what has come for it. */
  async deliver(streams: ReadonlyMap<string, readonly StreamEntry[]>): Promise<void> {
    this.#resize(streams);
    for (const [listener, state] of [...this.#listeners]) {
      // It was removed while others were given theirs.
      if (!this.#listeners.has(listener)) continue;
      const entries = streams.get(listener.key);
      const now = performance.now();
      if (entries === undefined && now - state.heardAt < quiet) continue;
      state.heardAt = now;
      const before = this.#afterOf(listener);
      if (before === undefined) continue;
      try {
        if (entries === undefined) listener.quiet();
        else await listener.received(entries);
      } catch (error) {
        // Of an observer of somebody's own: no reason for the other streams to stop.
        reportError('deliver', error);
        const isThere = entries !== undefined && this.#listeners.has(listener);
        if (isThere && this.#afterOf(listener) === before) this.#stuck(listener);
      }
    }
  }

  /** Where one has come to. One that does not know is not to stop the others. */
  #afterOf(listener: StreamListener): string | undefined {
    try {
      return listener.after;
    } catch (error) {
      reportError('read', error);
      this.#stuck(listener);
      return undefined;
    }
  }

  /** A stream of large values, or many of them after a while away, is not to be in memory all at once. */
  #resize(streams: ReadonlyMap<string, readonly StreamEntry[]>): void {
    const { count } = this;
    let [bytes, isFull] = [0, false];
    for (const entries of streams.values()) {
      bytes += bytesOf(entries);
      isFull ||= entries.length === count;
    }
    if (bytes > mostBytes) this.#entries = Math.max(Math.floor((this.#entries * mostBytes) / bytes), 1);
    else if (isFull) this.#entries = Math.min(Math.max(this.#entries, this.size) * 2, mostEntries);
  }
}
