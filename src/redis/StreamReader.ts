import { reportError } from '../diagnostics.ts';
import { Backoff } from './Backoff.ts';
import type { NodeWorker, WorkerOwner } from './ClusterRoutes.ts';
import { refusedBy } from './Commands.ts';
import { Followed, type StreamListener } from './Followed.ts';
import { type ConnectionOwner, duplicate, notConnected } from './OwnConnection.ts';
import { block, ReaderConnection } from './ReaderConnection.ts';
import { isOfAll, isReply, type RedisStreamLike } from './RedisLike.ts';
import { SetAside } from './SetAside.ts';
import type { StreamEntry } from './StreamEntry.ts';

/** How often streams of several slots are asked for, in ms. */
const pollEvery = 20;

/**
 * Reads all streams that somebody follows on one Redis, over one connection of its own that waits for what comes
 * (https://redis.io/docs/latest/commands/xread/). After a connection was lost it goes on where each stream was.
 */
export class StreamReader implements ConnectionOwner, NodeWorker<StreamListener> {
  readonly #redis: RedisStreamLike;
  readonly #owner: WorkerOwner<StreamListener>;
  readonly #followed = new Followed((listener) => this.#setAside(listener));
  readonly #aside = new SetAside((listener) => this.#askAgain(listener));
  readonly #losses = new Backoff(50, 2_000);
  #patience = Number.POSITIVE_INFINITY;
  #connection: ReaderConnection | undefined;
  #reads = 0;
  /** What the read under way does not know of. */
  #changed = false;
  #used = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(redis: RedisStreamLike, owner: WorkerOwner<StreamListener>) {
    this.#redis = redis;
    this.#owner = owner;
  }

  /** Follows a stream. `timeout` is how long Redis may take, in ms; the shortest of all holds. */
  add(listener: StreamListener, timeout: number, slot = 0): void {
    this.#patience = Math.min(this.#patience, timeout);
    this.#followed.add(listener, slot);
    this.#aside.asked(listener, this.#reads + 1);
    this.#use(true);
    if (this.#connection === undefined) {
      // A newcomer is no reason to try sooner.
      if (this.#retryTimer === undefined) this.#connect();
    } else this.#wake();
  }

  remove(listener: StreamListener): void {
    const wasAside = this.#aside.delete(listener);
    if (!this.#followed.delete(listener) && !wasAside) return;
    if (this.#followed.size === 0) this.#rest();
    else if (!wasAside) this.#wake();
  }

  /** The client can be reached again, and so can we. */
  reachable(): void {
    this.#aside.releaseAll();
    if (this.#connection !== undefined) return;
    this.#stopTrying();
    this.#connect();
  }

  /** The client has ended: whoever ended it wants no connection of ours either. */
  ended(): void {
    this.#connection?.close();
    this.#connection = undefined;
    this.#stopTrying();
    if (this.#followed.size > 0) reportError('read', notConnected('end'));
  }

  // ── from the connection ────────────────────────────────────────────────────────────────────────────────────────

  connected(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#followed.restart();
    this.#read(connection).catch((error) => connection.fail(error));
  }

  lost(error: unknown): void {
    this.#connection = undefined;
    reportError('read', error);
    this.#tryLater(this.#losses);
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────

  #connect(): void {
    if (this.#connection !== undefined || this.#followed.size === 0) return;
    if (this.#redis.status === 'end') {
      reportError('read', notConnected('end'));
      return;
    }
    this.#connection = new ReaderConnection(duplicate(this.#redis), this.#patience, this);
  }

  #tryLater(backoff: Backoff): void {
    this.#stopTrying();
    if (this.#followed.size === 0) return;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      if (this.#owner.reroute === undefined) {
        this.#connect();
        return;
      }
      const listeners = this.#followed.listeners;
      this.#followed.clear();
      this.#aside.stopAsking();
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
    // To be told when the client is ready, for what is aside.
    this.#use(this.#aside.size > 0);
  }

  async #read(connection: ReaderConnection): Promise<void> {
    while (connection === this.#connection) {
      this.#changed = false;
      this.#reads += 1;
      const read = this.#reads;
      try {
        const streams = await this.#readSlots(connection);
        this.#losses.reset();
        if (connection === this.#connection) await this.#followed.deliver(streams);
        this.#aside.wasRead(read);
      } catch (error) {
        // What has ended the connection was told us.
        if (connection !== this.#connection) return;
        if (!isReply(error)) throw error;
        if (isOfAll(error)) throw refusedBy('XREAD', error);
        if (!(await this.#findRefused(connection))) throw refusedBy('XREAD', error);
      }
    }
  }

  async #readSlots(connection: ReaderConnection): Promise<Map<string, StreamEntry[]>> {
    const slots = [...this.#followed.places().values()];
    const { count } = this.#followed;
    const [first] = slots;
    if (first !== undefined && slots.length === 1) return new Map(await connection.read(first, count));
    // One command is about one slot, and one that waits keeps the others waiting.
    const ends = performance.now() + block;
    for (;;) {
      const answers = await Promise.all(slots.map((places) => connection.poll(places, count)));
      const streams = new Map(answers.flat());
      if (streams.size > 0 || this.#changed || performance.now() > ends) return streams;
      await new Promise((resolve) => setTimeout(resolve, pollEvery));
      if (connection !== this.#connection) return streams;
    }
  }

  /** One stream that Redis does not give, as its key is something else or is forbidden, is not to keep the others waiting. */
  async #findRefused(connection: ReaderConnection): Promise<boolean> {
    const places = [...this.#followed.places().values()].flatMap((each) => [...each]);
    const refused = new Map<string, unknown>();
    const asked = places.map(async ([key, after]): Promise<void> => {
      try {
        await connection.poll(new Map([[key, after]]), 1);
      } catch (error) {
        if (isReply(error) && !isOfAll(error)) refused.set(key, error);
      }
    });
    await Promise.all(asked);
    for (const listener of this.#followed.listeners) {
      const { key } = listener;
      if (!refused.has(key)) continue;
      reportError('read', refusedBy(`XREAD of ${key}`, refused.get(key)));
      this.#setAside(listener);
    }
    return refused.size > 0;
  }

  #setAside(listener: StreamListener): void {
    if (!this.#followed.delete(listener)) return;
    this.#aside.add(listener);
    if (this.#followed.size === 0) this.#rest();
  }

  #askAgain(listener: StreamListener): void {
    if (this.#owner.reroute === undefined) {
      this.add(listener, this.#patience);
      return;
    }
    // A node may have moved it to another.
    if (this.#followed.size === 0) this.#rest();
    this.#owner.reroute([listener]);
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
