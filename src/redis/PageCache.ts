import { lowerBound } from './lowerBound.ts';
import { compareIds } from './place.ts';
import type { Page, StreamEntry } from './StreamEntry.ts';

/** How many bytes of pages are kept, and for how many ms. */
const [mostBytes, longest] = [4 * 1024 * 1024, 5_000];

interface CachedPage {
  readonly key: string;
  readonly entries: readonly StreamEntry[];
  readonly bytes: number;
  readonly until: number;
}

/**
 * Pages that were read a moment ago. Clients that come back after a cut stand at different places of the same history:
 * they share what was read of it, and the frames that were made. What was in a stream once stays true.
 */
export class PageCache {
  /** The oldest first. */
  #pages: CachedPage[] = [];
  /** By stream, and by the id of each entry that is not the last one of its page: the newest page that has it. */
  readonly #places = new Map<string, Map<string, CachedPage>>();
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  add(key: string, { entries, bytes }: Page): void {
    if (entries.length < 2 || bytes > mostBytes / 4) return;
    const page = { key, entries, bytes, until: performance.now() + longest };
    this.#pages.push(page);
    this.#bytes += bytes;
    const places = this.#places.get(key) ?? new Map<string, CachedPage>();
    this.#places.set(key, places);
    for (let index = 0; index < entries.length - 1; index += 1) places.set((entries[index] as StreamEntry).id, page);
    this.#evict();
  }

  /** Nobody follows the stream any more. */
  forget(key: string): void {
    this.#pages = this.#pages.filter((page) => page.key !== key);
    this.#places.delete(key);
    this.#bytes = this.#pages.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.#pages.length > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** What is known of a stream from an entry on: more than that entry, or nothing. */
  find(key: string, id: string): Page | undefined {
    const page = this.#places.get(key)?.get(id);
    if (page === undefined || page.until < performance.now()) return undefined;
    const { entries, bytes } = page;
    // Not a slice of it: each client that comes back would make one of each page.
    const isBefore = (index: number): boolean => compareIds((entries[index] as StreamEntry).id, id) < 0;
    return { entries, bytes, from: lowerBound(0, entries.length - 1, isBefore) };
  }

  /** Lets go of what is too much or too old; of the rest later, though nobody comes. */
  #evict(): void {
    const now = performance.now();
    for (
      let [oldest] = this.#pages;
      oldest !== undefined && (this.#bytes > mostBytes || oldest.until <= now);
      [oldest] = this.#pages
    ) {
      this.#pages.shift();
      this.#bytes -= oldest.bytes;
      this.#forgetPlaces(oldest);
    }
    if (this.#pages.length === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#evict();
    }, longest);
    this.#timer.unref();
  }

  #forgetPlaces(page: CachedPage): void {
    const places = this.#places.get(page.key);
    for (const { id } of page.entries) if (places?.get(id) === page) places.delete(id);
    if (places?.size === 0) this.#places.delete(page.key);
  }
}
