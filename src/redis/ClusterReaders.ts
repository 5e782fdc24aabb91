import { reportError } from '../diagnostics.ts';
import { Backoff } from './Backoff.ts';
import type { Commands } from './Commands.ts';
import { unlimited } from './Lane.ts';
import { notConnected } from './OwnConnection.ts';
import type { RedisStreamClusterLike, RedisStreamLike } from './RedisLike.ts';
import { type ReaderOwner, type StreamListener, StreamReader } from './StreamReader.ts';

/** A range of slots, and who has it: first the master, each with host, port and id. */
type SlotRange = readonly [from: number, to: number, master: readonly [unknown, unknown, id: unknown]];

/** A reader for each node of a Cluster that has a stream which somebody follows. */
export class ClusterReaders implements ReaderOwner {
  readonly #cluster: RedisStreamClusterLike;
  readonly #owner: ReaderOwner;
  readonly #commands: Commands;
  readonly #readers = new Map<RedisStreamLike, StreamReader>();
  /** Where each stream is read; nowhere while its node is being looked for. */
  readonly #routes = new Map<StreamListener, StreamReader | undefined>();
  readonly #timeouts = new Map<StreamListener, number>();
  readonly #backoff = new Backoff(100, 2_000);
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #ids = new WeakMap<RedisStreamLike, Promise<string>>();

  constructor(cluster: RedisStreamClusterLike, commands: Commands, owner: ReaderOwner) {
    this.#cluster = cluster;
    this.#commands = commands;
    this.#owner = owner;
  }

  add(listener: StreamListener, timeout: number): void {
    if (this.#routes.size === 0) this.#owner.using(true);
    this.#routes.set(listener, undefined);
    this.#timeouts.set(listener, timeout);
    this.#route(listener);
  }

  remove(listener: StreamListener): void {
    const reader = this.#routes.get(listener);
    if (!this.#routes.delete(listener)) return;
    this.#timeouts.delete(listener);
    reader?.remove(listener);
    if (this.#routes.size > 0) return;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#owner.using(false);
  }

  reachable(): void {
    for (const reader of this.#readers.values()) reader.reachable();
  }

  ended(): void {
    for (const reader of this.#readers.values()) reader.ended();
  }

  // ── from a reader ──────────────────────────────────────────────────────────────────────────────────────────────

  using(): void {}

  reroute(listeners: ReadonlyMap<StreamListener, number>): void {
    for (const listener of listeners.keys()) {
      if (!this.#routes.has(listener)) continue;
      this.#routes.set(listener, undefined);
      this.#route(listener);
    }
  }

  // ── where a stream is ──────────────────────────────────────────────────────────────────────────────────────────

  #route(listener: StreamListener): void {
    const timeout = this.#timeouts.get(listener) as number;
    this.#commands
      .run(unlimited(timeout), 'CLUSTER SLOTS', 0, () => this.#find(listener.key))
      .then(
        ({ node, slot }) => {
          this.#backoff.reset();
          if (!this.#isLost(listener)) return;
          const reader = this.#readerOf(node);
          this.#routes.set(listener, reader);
          reader.add(listener, timeout, slot);
        },
        (error) => {
          reportError('read', error);
          if (!this.#isLost(listener)) return;
          const timer = setTimeout(() => {
            this.#timers.delete(timer);
            if (this.#isLost(listener)) this.#route(listener);
          }, this.#backoff.next());
          this.#timers.add(timer);
        },
      );
  }

  #isLost(listener: StreamListener): boolean {
    return this.#routes.has(listener) && this.#routes.get(listener) === undefined;
  }

  #readerOf(node: RedisStreamLike): StreamReader {
    // Those that the Cluster does not know any more.
    const nodes = new Set(this.#cluster.nodes());
    for (const known of this.#readers.keys()) if (!nodes.has(known)) this.#readers.delete(known);
    const reader = this.#readers.get(node) ?? new StreamReader(node, this);
    this.#readers.set(node, reader);
    return reader;
  }

  /** Asked by id: the address by which Redis knows a node need not be the one by which it is reached. */
  async #find(key: string): Promise<{ node: RedisStreamLike; slot: number }> {
    const slot = Number(await this.#cluster.cluster('KEYSLOT', key));
    const ranges = (await this.#cluster.cluster('SLOTS')) as readonly SlotRange[];
    const master = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][2];
    const nodes = this.#cluster.nodes('master');
    const isOwner = async (node: RedisStreamLike): Promise<RedisStreamLike> => {
      if ((await this.#idOf(node)) === String(master)) return node;
      throw notConnected('elsewhere');
    };
    const node = await Promise.any(nodes.map(isOwner)).catch(() => undefined);
    if (node === undefined) throw notConnected(`no node for slot ${slot}`);
    return { node, slot };
  }

  #idOf(node: RedisStreamLike): Promise<string> {
    const known = this.#ids.get(node);
    if (known !== undefined) return known;
    const id = node.cluster('MYID').then(String);
    id.catch(() => this.#ids.delete(node));
    this.#ids.set(node, id);
    return id;
  }
}
