import type { Context } from '../Scenario.ts';
import type { Vitals } from '../server/host.ts';
import type { Publication } from '../server/LogPublisher.ts';
import type { LogOrders } from '../server/logs.ts';
import type { ResumeReport, ResumerOrders } from '../server/resumers.ts';
import { runFirst } from './precedence.ts';
import type { Served } from './Served.ts';
import { type LogKind, type ServedLogs, serveLogs } from './serveLogs.ts';

/** The name of the log, and its path. */
const name = 'ticks';
const path = `/${name}`;
const bytes = 100;
/** In how many groups clients leave, and how many events come before each. */
const [groups, between] = [20, 50];

/** What there is to do. */
export interface BusyLogLoad {
  readonly store: LogKind;
  readonly perSecond: number;
  /** How many clients leave and come back. */
  readonly clients: number;
  /** How many events each stays for when it has caught up. */
  readonly more: number;
}

/** A log that is published to, in a process of its own, and clients who have left it: they come back all at once. */
export class BusyLog {
  readonly served: Served<LogOrders>;
  readonly before: Vitals;
  readonly port: number;
  /** How many events there were. */
  published = 0;
  readonly path: string = path;
  readonly #load: BusyLogLoad;
  readonly #redis: ServedLogs['redis'];
  readonly #visiting: Served<ResumerOrders>;
  #publishing: Promise<Publication> | undefined;

  private constructor(load: BusyLogLoad, { served, before, port, redis }: ServedLogs, visiting: Served<ResumerOrders>) {
    this.#load = load;
    this.served = served;
    this.before = before;
    this.port = port;
    this.#redis = redis;
    this.#visiting = visiting;
  }

  static async start(context: Context, load: BusyLogLoad): Promise<BusyLog> {
    const { store, clients } = load;
    const log = new BusyLog(load, await serveLogs(context, store), await context.serve('resumers'));
    await log.served.ask('add', { name, store, size: 50_000 });
    await log.#visiting.ask('join', { port: log.port, path, count: clients });
    return log;
  }

  /** See `runFirst`. */
  runFirst(rank: number): boolean {
    const redis = this.#redis === undefined || runFirst(this.#redis.pid, rank + 2);
    return runFirst(this.served.pid, rank) && redis;
  }

  /** They leave in groups, each at another event, before the load begins. */
  async empty(): Promise<void> {
    for (let group = 0; group < groups; group += 1) {
      await this.served.ask('publish', { log: name, from: this.published, count: between, bytes });
      this.published += between;
      await this.#visiting.ask('cut', { count: this.#load.clients / groups });
    }
  }

  publish(): void {
    this.#publishing = this.served.ask('publish', {
      log: name,
      from: this.published,
      count: 1e9,
      bytes,
      perSecond: this.#load.perSecond,
    });
  }

  resume(): Promise<ResumeReport> {
    return this.#visiting.ask('resume', { more: this.#load.more });
  }

  async stop(): Promise<void> {
    await this.served.ask('stop');
    this.published += (await this.#publishing)?.acknowledged.length ?? 0;
  }
}
