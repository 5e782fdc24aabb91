import { lowerBound } from './lowerBound.ts';
import { compareIds } from './place.ts';
import { bytesOf, type StreamEntry } from './StreamEntry.ts';

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
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  add(key: string, entries: readonly StreamEntry[]): void {
    const bytes = bytesOf(entries);
    if (entries.length < 2 || bytes > mostBytes / 4) return;
    this.#pages.push({ key, entries, bytes, until: performance.now() + longest });
    this.#bytes += bytes;
    this.#evict();
  }

  /** Nobody follows the stream any more. */
  forget(key: string): void {
    this.#pages = this.#pages.filter((page) => page.key !== key);
    this.#bytes = this.#pages.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.#pages.length > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** What is known of a stream from an entry on: more than that entry, or nothing. */
  find(key: string, from: string): readonly StreamEntry[] | undefined {
    const now = performance.now();
    for (const page of this.#pages) {
      if (page.key !== key || page.until < now) continue;
      const index = indexOf(page.entries, from);
      if (index !== undefined) return page.entries.slice(index);
    }
    return undefined;
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
    }
    if (this.#pages.length === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#evict();
    }, longest);
    this.#timer.unref();
  }
}

/** Where an entry is, if it is there and not the last one. */
function indexOf(entries: readonly StreamEntry[], id: string): number | undefined {
  const idAt = (index: number): string => (entries[index] as StreamEntry).id;
  const last = entries.length - 1;
  // Most pages are of another part of the stream.
  if (compareIds(id, idAt(0)) < 0 || compareIds(id, idAt(last)) >= 0) return undefined;
  const low = lowerBound(0, last, (index) => compareIds(idAt(index), id) < 0);
  return idAt(low) === id ? low : undefined;
}
