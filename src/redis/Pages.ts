import { later } from '../later.ts';
import type { Commands } from './Commands.ts';
import { unlimited } from './Lane.ts';
import type { StreamCommandsLike } from './RedisLike.ts';
import { entriesOf, type StreamEntry } from './StreamEntry.ts';

/** How many pages are on their way at once, for all streams and clients of one Redis. */
const mostAtOnce = 16;

/**
 * Reads what streams retain, a page at a time. Clients that come back together ask for the same pages, which are then read
 * once; and they wait for each other, so that not all of their pages are in memory at once.
 */
export class Pages {
  readonly #redis: StreamCommandsLike;
  readonly #commands: Commands;
  readonly #asked = new Map<string, Promise<readonly StreamEntry[]>>();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(redis: StreamCommandsLike, commands: Commands) {
    this.#redis = redis;
    this.#commands = commands;
  }

  /** Up to `count` entries of a stream, from an id on. It rejects as `Commands.run` does. */
  read(key: string, from: string, count: number, timeout: number): Promise<readonly StreamEntry[]> {
    const name = `${from} ${count} ${key}`;
    const asked = this.#asked.get(name);
    if (asked !== undefined) return asked;
    const page = this.#read(key, from, count, timeout).finally(() => later(() => this.#asked.delete(name)));
    this.#asked.set(name, page);
    return page;
  }

  async #read(key: string, from: string, count: number, timeout: number): Promise<readonly StreamEntry[]> {
    if (this.#underWay >= mostAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#underWay += 1;
    try {
      const send = () => this.#redis.xrangeBuffer(key, from, '+', 'COUNT', count);
      return entriesOf(await this.#commands.run(unlimited(timeout), 'XRANGE', 0, send));
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#underWay -= 1;
      else next();
    }
  }
}
