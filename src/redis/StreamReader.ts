import { reportError } from '../diagnostics.ts';
import { Backoff } from './Backoff.ts';
import { refusedBy } from './Commands.ts';
import { type ConnectionOwner, duplicate, notConnected } from './OwnConnection.ts';
import { compareIds } from './place.ts';
import { block, ReaderConnection } from './ReaderConnection.ts';
import { isReply, type RedisStreamLike } from './RedisLike.ts';
import { handled } from './rejected.ts';
import type { StreamEntry } from './StreamEntry.ts';

/** How many entries one answer holds, over all streams. */
const mostEntries = 2_000;
/** How often streams of several slots are asked for, in ms. */
const pollEvery = 20;
/** After how many answers without an entry for it a stream is asked for: it may have been deleted, or replaced. */
const quietAnswers = 3;

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

/** What a reader tells those that share the client with it. */
export interface ReaderOwner {
  /** Whether it has anything to do. */
  using(used: boolean): void;
  /** These streams cannot be read from here, for now: another node may have them. Without it, the reader tries again. */
  reroute?(listeners: ReadonlyMap<StreamListener, number>): void;
}

/**
 * Reads all streams that somebody follows on one Redis, over one connection of its own that waits for what comes
 * (https://redis.io/docs/latest/commands/xread/). After a connection was lost it goes on where each stream was.
 */
export class StreamReader implements ConnectionOwner {
  readonly #redis: RedisStreamLike;
  readonly #owner: ReaderOwner;
  /** With the slot of each in a Cluster, whose nodes answer for one slot at a time. */
  readonly #listeners = new Map<StreamListener, number>();
  readonly #quiet = new Map<StreamListener, number>();
  readonly #losses = new Backoff(50, 2_000);
  readonly #refusals = new Backoff(500, 30_000);
  #patience = Number.POSITIVE_INFINITY;
  #connection: ReaderConnection | undefined;
  /** What the read under way does not know of. */
  #changed = false;
  #used = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(redis: RedisStreamLike, owner: ReaderOwner) {
    this.#redis = redis;
    this.#owner = owner;
  }

  /** Follows a stream. `timeout` is how long Redis may take, in ms; the shortest of all holds. */
  add(listener: StreamListener, timeout: number, slot = 0): void {
    this.#patience = Math.min(this.#patience, timeout);
    this.#listeners.set(listener, slot);
    this.#use(true);
    if (this.#connection === undefined) {
      // A newcomer is no reason to try sooner.
      if (this.#retryTimer === undefined) this.#connect();
    } else this.#wake();
  }

  remove(listener: StreamListener): void {
    if (!this.#listeners.delete(listener)) return;
    this.#quiet.delete(listener);
    if (this.#listeners.size > 0) this.#wake();
    else this.#rest();
  }

  /** The client can be reached again, and so can we. */
  reachable(): void {
    if (this.#connection !== undefined) return;
    this.#stopTrying();
    this.#connect();
  }

  /** The client has ended: whoever ended it wants no connection of ours either. */
  ended(): void {
    this.#connection?.close();
    this.#connection = undefined;
    this.#stopTrying();
    if (this.#listeners.size > 0) reportError('read', notConnected('end'));
  }

  // ── from the connection ────────────────────────────────────────────────────────────────────────────────────────

  connected(): void {
    if (this.#connection !== undefined) handled(this.#read(this.#connection));
  }

  lost(error: unknown): void {
    this.#connection = undefined;
    reportError('read', error);
    this.#tryLater(this.#losses);
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────

  #connect(): void {
    if (this.#connection !== undefined || this.#listeners.size === 0) return;
    if (this.#redis.status === 'end') {
      reportError('read', notConnected('end'));
      return;
    }
    this.#connection = new ReaderConnection(duplicate(this.#redis), this.#patience, this);
  }

  #tryLater(backoff: Backoff): void {
    this.#stopTrying();
    if (this.#listeners.size === 0) return;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      if (this.#owner.reroute === undefined) {
        this.#connect();
        return;
      }
      const listeners = new Map(this.#listeners);
      this.#listeners.clear();
      this.#quiet.clear();
      this.#rest();
      this.#owner.reroute(listeners);
    }, backoff.next());
  }

  #stopTrying(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
  }

  #rest(): void {
    this.#stopTrying();
    this.#connection?.close();
    this.#connection = undefined;
    this.#use(false);
  }

  async #read(connection: ReaderConnection): Promise<void> {
    while (connection === this.#connection) {
      this.#changed = false;
      let streams: [key: string, entries: StreamEntry[]][];
      try {
        streams = await this.#readSlots(connection, [...this.#places().values()]);
      } catch (error) {
        // Another error has ended the connection, and told us.
        if (isReply(error) && connection === this.#connection) this.#refused(connection, error);
        return;
      }
      this.#losses.reset();
      this.#refusals.reset();
      if (connection !== this.#connection) return;
      await this.#deliver(new Map(streams));
    }
  }

  async #readSlots(
    connection: ReaderConnection,
    slots: readonly ReadonlyMap<string, string>[],
  ): Promise<[key: string, entries: StreamEntry[]][]> {
    const count = Math.max(Math.floor(mostEntries / this.#listeners.size), 10);
    const [first] = slots;
    if (first !== undefined && slots.length === 1) return connection.read(first, count);
    // One command is about one slot, and one that waits keeps the others waiting.
    const ends = performance.now() + block;
    for (;;) {
      const answers = await Promise.all(slots.map((places) => connection.poll(places, count)));
      const streams = answers.flat();
      if (streams.length > 0 || this.#changed || performance.now() > ends) return streams;
      await new Promise((resolve) => setTimeout(resolve, pollEvery));
      if (connection !== this.#connection) return [];
    }
  }

  /** Where to go on, by slot and stream. Two stores of one stream go on from the earlier one's. */
  #places(): Map<number, Map<string, string>> {
    const slots = new Map<number, Map<string, string>>();
    for (const [{ key, after }, slot] of this.#listeners) {
      const places = slots.get(slot) ?? new Map<string, string>();
      slots.set(slot, places);
      const known = places.get(key);
      if (known === undefined || compareIds(after, known) < 0) places.set(key, after);
    }
    return slots;
  }

  async #deliver(streams: ReadonlyMap<string, readonly StreamEntry[]>): Promise<void> {
    for (const listener of [...this.#listeners.keys()]) {
      const entries = streams.get(listener.key);
      if (entries !== undefined) {
        this.#quiet.delete(listener);
        await listener.received(entries);
      } else if (streams.size === 0 && !this.#changed) {
        const quiet = (this.#quiet.get(listener) ?? 0) + 1;
        this.#quiet.set(listener, quiet % quietAnswers);
        if (quiet === quietAnswers) listener.quiet();
      }
    }
  }

  /** One stream that Redis does not give, as it is none or is forbidden, keeps the others from nothing. */
  #refused(connection: ReaderConnection, error: unknown): void {
    connection.close();
    this.#connection = undefined;
    const refusal = refusedBy('XREAD', error);
    reportError('read', refusal);
    // A node that has moved a stream to another, or is not what it was, has said so: no reason to wait for long.
    this.#tryLater(this.#owner.reroute === undefined ? this.#refusals : this.#losses);
  }

  /** Has the read that is under way end, so that the next one knows what has changed. */
  #wake(): void {
    if (this.#changed) return;
    this.#changed = true;
    this.#unblock(5);
  }

  /** It may not wait yet at Redis when it is told not to. */
  #unblock(tries: number): void {
    const id = this.#connection?.blockedId;
    if (!this.#changed || id === undefined || this.#redis.status !== 'ready') return;
    this.#redis.client('UNBLOCK', id).then(
      (woken) => {
        if (Number(woken) === 0 && tries > 1) setTimeout(() => this.#unblock(tries - 1), 5);
      },
      // It is forbidden: the read ends by itself, a little later.
      () => {},
    );
  }

  #use(used: boolean): void {
    if (used === this.#used) return;
    this.#used = used;
    this.#owner.using(used);
  }
}
