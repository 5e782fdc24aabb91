import { compareIds } from './place.ts';
import type { StreamEntry } from './StreamEntry.ts';

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

  add(key: string, entries: readonly StreamEntry[]): void {
    let bytes = 0;
    for (const { data } of entries) bytes += data?.length ?? 0;
    if (entries.length < 2 || bytes > mostBytes / 4) return;
    const now = performance.now();
    this.#pages.push({ key, entries, bytes, until: now + longest });
    this.#bytes += bytes;
    for (
      let [oldest] = this.#pages;
      oldest !== undefined && (this.#bytes > mostBytes || oldest.until < now);
      [oldest] = this.#pages
    ) {
      this.#pages.shift();
      this.#bytes -= oldest.bytes;
    }
  }

  /** Nobody follows the stream any more. */
  forget(key: string): void {
    this.#pages = this.#pages.filter((page) => page.key !== key);
    this.#bytes = this.#pages.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** What is known of a stream from an entry on: more than that entry, or nothing. */
  find(key: string, from: string): readonly StreamEntry[] | undefined {
    const now = performance.now();
    for (const page of this.#pages) {
      if (page.key !== key || page.until < now) continue;
      const index = indexOf(page.entries, from);
      if (index !== -1 && index < page.entries.length - 1) return page.entries.slice(index);
    }
    return undefined;
  }
}

function indexOf(entries: readonly StreamEntry[], id: string): number {
  let [low, high] = [0, entries.length - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (compareIds((entries[middle] as StreamEntry).id, id) < 0) low = middle + 1;
    else high = middle;
  }
  return entries[low]?.id === id ? low : -1;
}
