import type { TornadoseError } from '../errors.ts';
import { refusedBy } from './Commands.ts';
import { keySlot } from './keySlot.ts';
import { notConnected } from './OwnConnection.ts';
import { isReply } from './RedisLike.ts';

/** A range of slots, and who has it: first the master, each with host, port and id. */
type SlotRange = readonly [from: number, to: number, master: readonly [unknown, unknown, id: unknown]];

/** Who can be asked which node has what. */
interface SlotsLike {
  cluster(command: 'SLOTS'): Promise<unknown>;
}

/** A node of a Cluster, as far as it is asked what it has. */
export interface SlotOwnerLike extends SlotsLike {
  cluster(command: 'MYID' | 'SLOTS'): Promise<unknown>;
}

/** A Cluster whose nodes are looked for. */
export interface ClusterLike<Node> extends SlotsLike {
  nodes(role?: 'master'): Node[];
  refreshSlotsCache(): void;
}

/** Why a node is not the one: it has answered, and is another. */
const another = Symbol('another node');

/** Finds the nodes of a Cluster that have keys. */
export class SlotOwners<Node extends SlotOwnerLike> {
  readonly #cluster: ClusterLike<Node>;
  readonly #ids = new WeakMap<Node, Promise<string>>();

  constructor(cluster: ClusterLike<Node>) {
    this.#cluster = cluster;
  }

  /**
   * Has `found` called for each item as soon as the node of its key is known. One that has none for now is left out.
   *
   * @returns why a node could not be asked, if there is one that could not
   */
  async find<Item>(
    items: ReadonlyMap<Item, string>,
    found: (item: Item, node: Node, slot: number) => void,
  ): Promise<TornadoseError | undefined> {
    const ranges = await slotsOf(this.#cluster);
    const byOwner = new Map<string, [item: Item, slot: number][]>();
    for (const [item, key] of items) {
      const slot = keySlot(key);
      const owner = masterOf(slot, ranges);
      const others = byOwner.get(owner);
      if (others === undefined) byOwner.set(owner, [[item, slot]]);
      else others.push([item, slot]);
    }
    let why: TornadoseError | undefined;
    const failed = (command: string, error: unknown): void => {
      why ??= isReply(error) ? refusedBy(command, error) : notConnected('no node', error);
    };
    const asked = [...byOwner].map(async ([owner, itsItems]) => {
      const node = await this.#nodeOf(owner, failed);
      if (node === undefined) return;
      const itsRanges = await slotsOf(node).catch((error) => {
        failed('CLUSTER SLOTS', error);
        return [];
      });
      // While a slot moves the nodes do not agree, and one that does not know of it yet would refuse the key.
      for (const [item, slot] of itsItems) if (masterOf(slot, itsRanges) === owner) found(item, node, slot);
    });
    await Promise.all(asked);
    return why;
  }

  /** Asked by id: the address by which Redis knows a node need not be the one by which it is reached. */
  async #nodeOf(owner: string, failed: (command: string, error: unknown) => void): Promise<Node | undefined> {
    const isIt = async (node: Node): Promise<Node> => {
      const id = await this.#idOf(node);
      return id === owner ? node : Promise.reject(another);
    };
    const asked = this.#cluster.nodes('master').map(isIt);
    try {
      // The first that is it, as one that does not answer is nothing to wait for.
      return await Promise.any(asked);
    } catch (error) {
      for (const why of (error as AggregateError).errors) if (why !== another) failed('CLUSTER MYID', why);
      // ioredis looks for nodes that it does not know when it sends what has a key, and we may never do.
      this.#cluster.refreshSlotsCache();
      return undefined;
    }
  }

  #idOf(node: Node): Promise<string> {
    const known = this.#ids.get(node);
    if (known !== undefined) return known;
    const id = node.cluster('MYID').then(String);
    id.catch(() => this.#ids.delete(node));
    this.#ids.set(node, id);
    return id;
  }
}

async function slotsOf(asked: SlotsLike): Promise<readonly SlotRange[]> {
  return (await asked.cluster('SLOTS')) as readonly SlotRange[];
}

function masterOf(slot: number, ranges: readonly SlotRange[]): string {
  const range = ranges.find(([from, to]) => from <= slot && slot <= to);
  return String(range?.[2][2]);
}
