import { reportError } from '../diagnostics.ts';
import { Backoff } from './Backoff.ts';
import type { Commands } from './Commands.ts';
import { unlimited } from './Lane.ts';
import { notConnected } from './OwnConnection.ts';
import type { ClusterNodeLike } from './RedisLike.ts';
import { type ClusterLike, SlotOwners } from './SlotOwners.ts';

/** What works for items at one node of a Cluster: it reads streams, or subscribes channels. */
export interface NodeWorker<Item> {
  add(item: Item, timeout: number, slot: number): void;
  remove(item: Item): void;
  /** Lets go of what it holds for nothing. */
  rest?(): void;
  reachable(): void;
  ended(): void;
}

/** What a worker tells those that share the client, or in a Cluster the node, with it. */
export interface WorkerOwner<Item> {
  /** Whether it has anything to do. */
  using(used: boolean): void;
  /** It cannot work for these items, for now: another node may have them. Without it, they are tried where they were. */
  reroute?(items: Iterable<Item>): void;
}

/** What is routed, and who works for it. */
export interface Routing<Item, Node> {
  readonly during: 'read' | 'subscribe';
  /** What has a slot. */
  keyOf(item: Item): string;
  workerFor(node: Node, owner: WorkerOwner<Item>): NodeWorker<Item>;
}

/** Has each item at a worker for the node of a Cluster that has its key, and takes it to another one when that is lost. */
export class ClusterRoutes<Item, Node extends ClusterNodeLike> {
  readonly #cluster: ClusterLike<Node> & { readonly status: string };
  readonly #commands: Commands;
  readonly #owner: { using(used: boolean): void };
  readonly #routing: Routing<Item, Node>;
  readonly #slotOwners: SlotOwners<Node>;
  readonly #workers = new Map<Node, NodeWorker<Item>>();
  readonly #used = new Set<NodeWorker<Item>>();
  /** Where each item is; nowhere while its node is being looked for. */
  readonly #routes = new Map<Item, NodeWorker<Item> | undefined>();
  /** Those whose nodes are looked for in this tick, and those for which there was none. */
  readonly #due = new Set<Item>();
  readonly #lost = new Set<Item>();
  readonly #backoff = new Backoff(100, 2_000);
  #patience = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    cluster: ClusterLike<Node> & { readonly status: string },
    commands: Commands,
    owner: { using(used: boolean): void },
    routing: Routing<Item, Node>,
  ) {
    this.#cluster = cluster;
    this.#commands = commands;
    this.#owner = owner;
    this.#routing = routing;
    this.#slotOwners = new SlotOwners(cluster);
  }

  /** `timeout` is how long Redis may take, in ms; the shortest of all holds. */
  add(item: Item, timeout: number): void {
    this.#patience = Math.min(this.#patience, timeout);
    if (this.#routes.size === 0) this.#owner.using(true);
    this.#routes.set(item, undefined);
    this.#find([item]);
  }

  remove(item: Item): void {
    const worker = this.#routes.get(item);
    if (!this.#routes.delete(item)) return;
    worker?.remove(item);
    if (this.#routes.size > 0) return;
    this.#lost.clear();
    this.#stopTrying();
    this.#owner.using(false);
  }

  /** Lets go of what is held for nothing. */
  rest(): void {
    for (const worker of this.#used) worker.rest?.();
  }

  /** The Cluster can be reached again. */
  reachable(): void {
    for (const worker of this.#used) worker.reachable();
    this.#findLost();
  }

  /** The Cluster has ended, and will not come back by itself. */
  ended(): void {
    for (const worker of this.#used) worker.ended();
    this.#stopTrying();
    // When it is connected again its nodes are others, for ioredis at least.
    for (const [item, worker] of this.#routes) {
      worker?.remove(item);
      this.#routes.set(item, undefined);
      this.#lost.add(item);
    }
    this.rest();
  }

  // ── looking for nodes ──────────────────────────────────────────────────────────────────────────────────────────

  /** Has the nodes of these looked for. Those of one tick are one question. */
  #find(items: Iterable<Item>): void {
    if (this.#due.size === 0) queueMicrotask(() => this.#ask());
    for (const item of items) this.#due.add(item);
  }

  #ask(): void {
    const items = new Map<Item, string>();
    for (const item of this.#due) if (this.#isLost(item)) items.set(item, this.#routing.keyOf(item));
    this.#due.clear();
    if (items.size === 0) return;
    const found = (item: Item, node: Node, slot: number): void => {
      items.delete(item);
      if (!this.#isLost(item)) return;
      this.#backoff.reset();
      const worker = this.#workerFor(node);
      this.#routes.set(item, worker);
      worker.add(item, this.#patience, slot);
    };
    const answered = (error: unknown): void => {
      const lost = [...items.keys()].filter((item) => this.#isLost(item));
      if (lost.length > 0) this.#findLater(lost, error);
    };
    this.#commands
      .run(unlimited(this.#patience), 'CLUSTER SLOTS', 0, () => this.#slotOwners.find(items, found))
      .then((why) => answered(why ?? notConnected('no node')), answered);
  }

  #findLater(items: Iterable<Item>, error: unknown): void {
    for (const item of items) this.#lost.add(item);
    reportError(this.#routing.during, error);
    if (this.#cluster.status === 'end') return;
    this.#timer ??= setTimeout(() => this.#findLost(), this.#backoff.next());
  }

  #findLost(): void {
    this.#stopTrying();
    this.#find(this.#lost);
    this.#lost.clear();
  }

  #isLost(item: Item): boolean {
    return this.#routes.has(item) && this.#routes.get(item) === undefined;
  }

  #stopTrying(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #workerFor(node: Node): NodeWorker<Item> {
    const known = this.#workers.get(node);
    if (known !== undefined) return known;
    // Those that the Cluster does not know any more.
    const nodes = new Set(this.#cluster.nodes());
    for (const each of this.#workers.keys()) if (!nodes.has(each)) this.#workers.delete(each);
    const worker = this.#routing.workerFor(node, {
      using: (used) => {
        if (used) this.#used.add(worker);
        else this.#used.delete(worker);
      },
      reroute: (items) => {
        const lost = [...items].filter((item) => this.#routes.has(item));
        for (const item of lost) this.#routes.set(item, undefined);
        this.#find(lost);
      },
    });
    this.#workers.set(node, worker);
    return worker;
  }
}
