import type { Commands } from './Commands.ts';
import { markSegments } from './chain.ts';
import { unlimited } from './Lane.ts';
import { PageCache } from './PageCache.ts';
import type { StreamCommandsLike } from './RedisLike.ts';
import { bytesOf, entriesOf, type Page, type StreamEntry } from './StreamEntry.ts';

/** How many pages are on their way at once, for all streams and clients of one Redis. */
const mostAtOnce = 2;

interface AskedPage {
  /** Whether anybody still wants it. */
  readonly wanted: (() => boolean)[];
  readonly page: Promise<Page>;
}

/**
 * Reads what streams retain, a page at a time. Clients that come back together ask for the same pages, which are then read
 * once; and they wait for each other, so that not all of their pages are on their way at once.
 */
export class Pages {
  readonly #redis: StreamCommandsLike;
  readonly #commands: Commands;
  readonly #asked = new Map<string, AskedPage>();
  readonly #cache = new PageCache();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(redis: StreamCommandsLike, commands: Commands) {
    this.#redis = redis;
    this.#commands = commands;
  }

  /** Up to `count` entries of a stream, from an id on: none if nobody wants it any more. It rejects as `Commands.run` does. */
  page(key: string, id: string, count: number, timeout: number, isWanted: () => boolean): Page | Promise<Page> {
    const known = this.#cache.find(key, id);
    if (known !== undefined) return known;
    const name = `${id} ${count} ${key}`;
    const asked = this.#asked.get(name);
    if (asked !== undefined) {
      asked.wanted.push(isWanted);
      return asked.page;
    }
    const wanted = [isWanted];
    const forget = (): void => {
      if (this.#asked.get(name)?.wanted === wanted) this.#asked.delete(name);
    };
    const page = this.#inTurn(async () => {
      if (wanted.some((each) => each())) {
        const entries = await this.#read(key, id, '+', count, timeout);
        return { entries, bytes: bytesOf(entries), from: 0 };
      }
      // Now, or who asks in this instant would be told that there is nothing.
      forget();
      return { entries: [], bytes: 0, from: 0 };
    });
    this.#asked.set(name, { wanted, page });
    page.then((read) => {
      forget();
      // Or the stream may not be followed any more, and nobody would forget it.
      if (wanted.some((each) => each())) this.#cache.add(key, read);
    }, forget);
    return page;
  }

  /** Lets go of what is kept of a stream. */
  forget(key: string): void {
    this.#cache.forget(key);
  }

  /** The entry with an id, if it is there. */
  async entry(key: string, id: string, timeout: number): Promise<StreamEntry | undefined> {
    const [entry] = await this.#read(key, id, id, 1, timeout);
    return entry;
  }

  async #read(
    key: string,
    first: string,
    last: string,
    count: number,
    timeout: number,
  ): Promise<readonly StreamEntry[]> {
    const send = () => this.#redis.xrangeBuffer(key, first, last, 'COUNT', count);
    const entries = entriesOf(await this.#commands.run(unlimited(timeout), 'XRANGE', 0, send));
    markSegments(entries);
    return entries;
  }

  async #inTurn(read: () => Promise<Page>): Promise<Page> {
    if (this.#underWay >= mostAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#underWay += 1;
    try {
      return await read();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#underWay -= 1;
      else next();
    }
  }
}
