import { setTimeout as sleep } from 'node:timers/promises';
import { writeCertificate } from '../../support/certificate.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import type { Context } from '../Scenario.ts';
import type { Vitals } from '../server/host.ts';
import type { ProxiedOrders, ProxiedPorts } from '../server/proxied.ts';
import { type AfterwardsFigure, afterwards } from './afterwards.ts';
import type { ProxiedClient } from './ProxiedClient.ts';
import type { Served } from './Served.ts';
import { until } from './until.ts';

/** Connects a client to a path of the server, in one of the ways there are. */
export type Way = (path: string) => Promise<ProxiedClient>;

const events = 100;
const perSecond = 50;
/** Shorter than any timeout of a proxy here. */
const heartbeat = 1_000;
/** For each way and path. */
const clientsEach = 3;

/** Streams through something that may hold, change or cut them. */
export class Passage {
  readonly ports: ProxiedPorts;
  /** Those of whom all is expected. */
  readonly clients: ProxiedClient[] = [];
  readonly #all: Promise<ProxiedClient>[] = [];
  readonly #served: Served<ProxiedOrders>;
  readonly #before: Vitals;
  #published = 0;

  static async begin(context: Context): Promise<Passage> {
    const served = await context.serve<ProxiedOrders>('proxied');
    const folder = temporaryFolder();
    const ports = await served.ask('open', { heartbeat, certificate: await writeCertificate(folder.path) });
    folder.remove();
    const passage = new Passage(served, ports, await served.ask('vitals', { collect: true }));
    context.defer(() => passage.leave());
    return passage;
  }

  private constructor(served: Served<ProxiedOrders>, ports: ProxiedPorts, before: Vitals) {
    this.#served = served;
    this.ports = ports;
    this.#before = before;
  }

  async join(ways: readonly Way[], paths: readonly string[]): Promise<void> {
    for (const way of ways)
      for (const path of paths) for (let n = 0; n < clientsEach; n += 1) this.clients.push(await this.#open(way, path));
  }

  async publish(): Promise<void> {
    this.#published = await this.#served.ask('publish', { count: events, perSecond });
    await until(() => this.clients.every(({ log }) => log.last === this.#published - 1), 5_000);
  }

  /** How many clients have got all that was published, once and in order, in per cent. */
  get complete(): number {
    return this.percent(({ log }) => log.faults(0, this.#published - 1) === 0);
  }

  get slowest(): number {
    return Math.max(...this.clients.map(({ slowest }) => slowest));
  }

  percent(holds: (client: ProxiedClient) => boolean): number {
    return (100 * this.clients.filter(holds).length) / this.clients.length;
  }

  /** How many streams without a heartbeat are cut within so many ms, in per cent. */
  async cutWhenSilent(ways: readonly Way[], atMost: number): Promise<number> {
    const silent = await Promise.all(ways.map((way) => this.#open(way, '/silent')));
    const isCut = ({ isOpen }: ProxiedClient): boolean => !isOpen;
    await until(() => silent.every(isCut), atMost);
    return (100 * silent.filter(isCut).length) / silent.length;
  }

  /** After how many ms an event of a stream that is like any other answer is with the client, which waits no longer than a second. */
  async heldWhenOrdinary(way: Way, path: string): Promise<number> {
    const before = await this.#served.ask('observers');
    let client: ProxiedClient | undefined;
    void this.#open(way, path).then((opened) => {
      client = opened;
    });
    await until(async () => (await this.#served.ask('observers')) > before, 5_000);
    // Whatever does not hold its head back has passed it on by then.
    await sleep(100);
    await this.#served.ask('publishOrdinary');
    const atMost = 1_000;
    return Math.min(await until(() => client !== undefined && client.log.count > 0, atMost), atMost);
  }

  async leave(): Promise<void> {
    for (const each of await Promise.allSettled(this.#all)) if (each.status === 'fulfilled') each.value.leave();
  }

  /** After how many ms the server knows that all have left. */
  async gone(): Promise<number> {
    await this.leave();
    return until(async () => (await this.#served.ask('observers')) === 0, 10_000);
  }

  /** What is left in the server when all have left. */
  afterwards(context: Context): Promise<Readonly<Record<AfterwardsFigure, number>>> {
    return afterwards(context, this.#served, this.#before);
  }

  async #open(way: Way, path: string): Promise<ProxiedClient> {
    const opening = way(path);
    this.#all.push(opening);
    return opening;
  }
}
