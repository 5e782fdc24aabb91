import { createHash } from 'node:crypto';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { marked, now } from '../support/marks.ts';
import type { ClientRecord, Progress } from './ClientRecord.ts';

/** What is to be published: `count` events of `bytes` bytes. */
export interface PublishLoad {
  readonly count: number;
  readonly bytes: number;
  /** At a pace. */
  readonly perSecond?: number;
  /** So many in each turn of the event loop, and no faster than the clients that do not stall can take it. */
  readonly perTurn?: number;
  /** Whether the sum of all of them as an event stream is wanted. */
  readonly hashed?: boolean;
}

export interface Published {
  /** The number of the next event. */
  readonly seq: number;
  /** When the last one was published, in µs. */
  readonly at: number;
  /** SHA-256, in hex. */
  readonly hash: string | undefined;
}

/** Events with numbers, into a store, with a look at the clients after each of them. */
export class Publisher implements Progress {
  seq: number;
  /** Of all events. */
  bytes = 0;
  readonly #next: (text: string) => void;
  readonly #clients: readonly ClientRecord[];
  readonly #limit: number;
  #stopped = false;

  constructor(next: (text: string) => void, clients: readonly ClientRecord[], limit: number, seq = 0) {
    this.seq = seq;
    this.#next = next;
    this.#clients = clients;
    this.#limit = limit;
  }

  async publish({ count, bytes, perSecond, perTurn, hashed }: PublishLoad): Promise<Published> {
    const begun = performance.now();
    const stalled = this.#clients.filter(({ stalls }) => stalls);
    const healthy = this.#clients.filter(({ stalls, isClosed }) => !stalls && !isClosed);
    const hash = hashed ? createHash('sha256') : undefined;
    this.#stopped = false;
    for (let n = 0; n < count && !this.#stopped; n += 1) {
      if (perSecond !== undefined) {
        const early = (n * 1000) / perSecond - (performance.now() - begun);
        if (early > 1) await sleep(early);
      } else if (perTurn !== undefined && n % perTurn === 0) {
        await turn();
        while (healthy.some(({ held }) => held > 0)) await sleep(1);
      }
      const text = marked(this.seq, bytes);
      hash?.update(`data: ${text}\n\n`);
      this.#next(text);
      this.seq += 1;
      this.bytes += bytes;
      for (const client of stalled) client.published(this, bytes, this.#limit);
    }
    return { seq: this.seq, at: now(), hash: hash?.digest('hex') };
  }

  stop(): void {
    this.#stopped = true;
  }
}
