import { reportError } from '../diagnostics.ts';
import { Backoff } from './Backoff.ts';
import type { Page } from './StreamEntry.ts';

/** How many bytes a page is to hold, about, and how many entries: what a client cannot take is read again. */
const pageBytes = 64 * 1024;
const most = 100;

/** Where pages come from. */
export interface PageSource {
  /** Up to `count` entries that are retained, from an id on. */
  page(id: string, count: number, isWanted: () => boolean): Page | Promise<Page>;
}

/** For whom they are read. */
interface PageTaker {
  /** It wants nothing any more. */
  readonly closed: boolean;
  /** Has it go on: Redis has failed, or did not have it yet. */
  readonly run: () => void;
  /** Has it do something in a later turn. */
  inTurn(run: () => void): void;
}

/** Reads a stream for one client, in pages of a size that fits; what fails is tried again, later each time. */
export class PageReader {
  readonly #source: PageSource;
  readonly #taker: PageTaker;
  readonly #retries = new Backoff(100, 2_000);
  /** How many entries the next page is to have: few, for who knows whether the position is any good. */
  #count = 4;
  #isFailing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: PageSource, taker: PageTaker) {
    this.#source = source;
    this.#taker = taker;
  }

  /** Whether the last page could not be read. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Has `take` called with what comes from an id on, the entry with that id included. */
  read(id: string, take: (page: Page) => void): void {
    const came = (page: Page): void =>
      this.#taker.inTurn(() => {
        if (this.#taker.closed) return;
        this.#isFailing = false;
        take(page);
      });
    const page = this.#source.page(id, this.#count + 1, () => !this.#taker.closed);
    if ('entries' in page) {
      came(page);
      return;
    }
    page.then(came, (error) => {
      if (this.#taker.closed) return;
      this.#isFailing = true;
      reportError('read', error);
      this.later();
    });
  }

  /** Has the client go on after a while. */
  later(): void {
    this.#timer = setTimeout(() => this.#taker.inTurn(this.#taker.run), this.#retries.next());
  }

  /** It was of use. The next page has as many as fit. */
  taken({ entries, bytes }: Page): void {
    this.#retries.reset();
    const fitting = Math.floor((pageBytes * entries.length) / Math.max(bytes, 1));
    this.#count = Math.min(Math.max(fitting, 1), most, this.#count * 8);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
