import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../redis/support/until.ts';
import { freePorts, RedisServer } from './RedisServer.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const host = '127.0.0.1';
/** What the Sentinels call the master that they watch. */
const name = 'main';
/** For how many ms the master is silent before a Sentinel takes it for gone. */
const downAfter = 500;

/** A master with two replicas, and three Sentinels that make one of them the master when it is gone. */
export class SentinelGroup {
  readonly name: string = name;
  readonly #servers: readonly RedisServer[];
  readonly #sentinels: readonly RedisServer[];
  readonly #removeFolder: () => void;

  static async start(): Promise<SentinelGroup> {
    const folder = temporaryFolder();
    const start = (number: number, ...args: string[]): Promise<RedisServer> => {
      // A replica keeps the copy that it was sent, which no server of a later run is to begin with.
      const place = ['--dir', folder.path, '--dbfilename', `${number}.rdb`];
      // A copy at once, where Redis would wait 5 s for more replicas to come.
      return RedisServer.start(...place, '--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0', ...args);
    };
    const master = await start(0);
    const replica = ['--replicaof', host, `${master.port}`];
    const replicas = await Promise.all([1, 2].map((number) => start(number, ...replica)));
    const sentinels = (await freePorts(3)).map((port) => {
      const file = join(folder.path, `${port}.conf`);
      writeFileSync(file, configuration(port, master.port, folder.path));
      return RedisServer.run(port, [file, '--sentinel']);
    });
    const group = new SentinelGroup([master, ...replicas], await Promise.all(sentinels), folder.remove);
    await group.#agree();
    return group;
  }

  private constructor(servers: readonly RedisServer[], sentinels: readonly RedisServer[], removeFolder: () => void) {
    this.#servers = servers;
    this.#sentinels = sentinels;
    this.#removeFolder = removeFolder;
  }

  /** The ports of the Sentinels. */
  get ports(): readonly number[] {
    return this.#sentinels.map(({ port }) => port);
  }

  /** The master, as a Sentinel says. */
  async master(): Promise<RedisServer> {
    const said = await this.#sentinels[0]?.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
    const master = this.#servers.find(({ port }) => said?.endsWith(`\n${port}`));
    if (master === undefined) throw new Error(`Expected the Sentinels to name a server of theirs, got ${said}`);
    return master;
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#sentinels, ...this.#servers].map((each) => each.dispose()));
    this.#removeFolder();
  }

  /** Until then, a master that is gone stays gone. */
  async #agree(): Promise<void> {
    for (const sentinel of this.#sentinels) {
      await until(async () => (await sentinel.cli('SENTINEL', 'CKQUORUM', name)).startsWith('OK 3 usable'));
      await until(async () => {
        const replicas = await sentinel.cli('SENTINEL', 'REPLICAS', name);
        return replicas.match(/^master-link-status\nok$/gm)?.length === 2;
      });
    }
  }
}

function configuration(port: number, master: number, folder: string): string {
  return `port ${port}
bind ${host}
dir ${folder}
sentinel monitor ${name} ${host} ${master} 2
sentinel down-after-milliseconds ${name} ${downAfter}
sentinel failover-timeout ${name} 3000
`;
}
