import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { until } from '../redis/support/until.ts';
import { freePorts, RedisServer } from './RedisServer.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const run = promisify(execFile);
const host = '127.0.0.1';
/** For how many ms a node is silent before the others take it for gone. */
const nodeTimeout = 1_000;

/** A Redis Cluster of three masters and a replica for each of them. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[];
  readonly #removeFolder: () => void;

  static async start(): Promise<RedisCluster> {
    const folder = temporaryFolder();
    const ports = await freePorts(12);
    const nodes = await Promise.all(
      ports.slice(0, 6).map((port, index) => {
        const place = ['--port', `${port}`, '--bind', host, '--dir', folder.path, '--dbfilename', `${port}.rdb`];
        const cluster = ['--cluster-enabled', 'yes', '--cluster-config-file', `${port}.conf`];
        // It would be 10 000 above the port, which may be no port any more.
        const bus = ['--cluster-port', `${ports[index + 6]}`, '--cluster-node-timeout', `${nodeTimeout}`];
        return RedisServer.run(port, [...place, '--save', '', ...cluster, ...bus, '--repl-diskless-sync-delay', '0']);
      }),
    );
    const cluster = new RedisCluster(nodes, folder.remove);
    const addresses = nodes.map(({ port }, index) => `${host}:${port}@${ports[index + 6]}`);
    await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes']);
    await cluster.#isUp();
    return cluster;
  }

  private constructor(nodes: readonly RedisServer[], removeFolder: () => void) {
    this.nodes = nodes;
    this.#removeFolder = removeFolder;
  }

  get ports(): readonly number[] {
    return this.nodes.map(({ port }) => port);
  }

  /** The master that has a key, as a node says. */
  async ownerOf(key: string, asked: RedisServer = this.#first): Promise<RedisServer> {
    const slot = Number(await asked.cli('CLUSTER', 'KEYSLOT', key));
    const lines = (await asked.cli('CLUSTER', 'NODES')).split('\n').map((line) => line.split(' '));
    const line = lines.find(([, , flags, , , , , , ...ranges]) => flags?.includes('master') && holds(ranges, slot));
    const owner = this.nodes.find(({ port }) => line?.[1]?.startsWith(`${host}:${port}@`));
    if (owner === undefined) throw new Error(`Expected a node to have slot ${slot}, got ${lines.join('\n')}`);
    return owner;
  }

  /** Gives the slot of a key to another master with all that is in it, as a resharding does. @returns the new owner */
  async moveSlot(key: string): Promise<RedisServer> {
    const slot = await this.#first.cli('CLUSTER', 'KEYSLOT', key);
    const from = await this.ownerOf(key);
    const masters = await this.#masters();
    const to = masters.find((each) => each !== from) as RedisServer;
    const [fromId, toId] = await Promise.all([from.cli('CLUSTER', 'MYID'), to.cli('CLUSTER', 'MYID')]);
    await to.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    for (;;) {
      const keys = (await from.cli('CLUSTER', 'GETKEYSINSLOT', slot, '100')).split('\n').filter(Boolean);
      if (keys.length === 0) break;
      await from.cli('MIGRATE', host, `${to.port}`, '', '0', '5000', 'KEYS', ...keys);
    }
    for (const node of new Set([to, from, ...masters])) await node.cli('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
    await until(() => this.agree(key, to));
    return to;
  }

  /** Whether all nodes take a node for the one that has a key. */
  async agree(key: string, owner: RedisServer): Promise<boolean> {
    const owners = await Promise.all(this.nodes.map((node) => this.ownerOf(key, node).catch(() => undefined)));
    return owners.every((each) => each === owner);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.dispose()));
    this.#removeFolder();
  }

  get #first(): RedisServer {
    return this.nodes[0] as RedisServer;
  }

  async #masters(): Promise<RedisServer[]> {
    const roles = await Promise.all(this.nodes.map((node) => node.cli('ROLE')));
    return this.nodes.filter((_, each) => roles[each]?.startsWith('master'));
  }

  /** All nodes know of all, and each replica has what its master has: until then no other can take its place. */
  async #isUp(): Promise<void> {
    for (const node of this.nodes) {
      await until(async () => {
        const info = await node.cli('CLUSTER', 'INFO');
        return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:6');
      });
      await until(async () => {
        const info = await node.cli('INFO', 'replication');
        return info.includes('role:master')
          ? info.includes('connected_slaves:1')
          : info.includes('master_link_status:up');
      });
    }
  }
}

function holds(ranges: readonly string[], slot: number): boolean {
  return ranges.some((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return slot >= first && slot <= last;
  });
}
