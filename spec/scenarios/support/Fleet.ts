import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../Scenario.ts';
import type { Vitals } from '../server/host.ts';
import type { LogLoad, Publication } from '../server/LogPublisher.ts';
import type { LogOrders, LogSettings } from '../server/logs.ts';
import { type AfterwardsFigure, afterwards, megabytes } from './afterwards.ts';
import { type Counts, count, textOf } from './counts.ts';
import { DeliveryLog, type Verdict } from './DeliveryLog.ts';
import type { DeliveryFigure } from './deliveryCriteria.ts';
import type { RedisAddress } from './RedisAddress.ts';
import { ReturningClient } from './ReturningClient.ts';
import { random } from './random.ts';
import { grownUp, type Served } from './Served.ts';
import { until } from './until.ts';

/** How a fleet is. */
export interface FleetSettings extends LogSettings {
  readonly redis: RedisAddress;
  /** How many processes publish. @defaultValue 1 */
  readonly publishers?: number;
  /** How many clients of each serving process go away and come back all the time. @defaultValue 0 */
  readonly restless?: number;
}

/** How many clients of each serving process stay. */
const staying = 3;

/**
 * Processes that publish and two that serve, one of them on ioredis 5 and the other on 6, with clients that write down what
 * they get.
 */
export class Fleet {
  readonly publishing: readonly Served<LogOrders>[];
  readonly serving: readonly Served<LogOrders>[];
  readonly clients: ReturningClient<DeliveryLog>[] = [];
  /** Those that stay. */
  readonly staying: ReturningClient<DeliveryLog>[] = [];
  readonly #context: Context;
  readonly #settings: FleetSettings;
  readonly #before = new Map<Served<LogOrders>, Vitals>();
  readonly #weights = new Map<Served<LogOrders>, number>();
  /** When the newest event of each client was published, in µs. */
  readonly #newest = new Map<ReturningClient<DeliveryLog>, number>();
  #over = false;

  static async start(context: Context, settings: FleetSettings): Promise<Fleet> {
    const serve = (): Promise<Served<LogOrders>> => context.serve<LogOrders>('logs', grownUp);
    const publishing = await Promise.all(Array.from({ length: settings.publishers ?? 1 }, serve));
    const serving = await Promise.all([serve(), serve()]);
    const fleet = new Fleet(context, settings, publishing, serving);
    context.defer(() => {
      fleet.#over = true;
    });
    await fleet.#join();
    return fleet;
  }

  private constructor(
    context: Context,
    settings: FleetSettings,
    publishing: readonly Served<LogOrders>[],
    serving: readonly Served<LogOrders>[],
  ) {
    this.#context = context;
    this.#settings = settings;
    this.publishing = publishing;
    this.serving = serving;
  }

  /** Publishes, from the last of the processes that do, or from another one. */
  publish(load: LogLoad, by = -1): Promise<Publication> {
    return this.#publishFrom(this.publishing.at(by), load);
  }

  /** Publishes from the first one, until it is stopped. */
  publishOn(load: Omit<LogLoad, 'count'>): { stop(): Promise<Publication> } {
    const [first] = this.publishing;
    const publishing = this.#publishFrom(first, { ...load, count: 1e9 });
    return {
      async stop() {
        await first?.ask('stop');
        return publishing;
      },
    };
  }

  /** Says in the row of the scenario how often a publish was refused. */
  noteRefused(publications: readonly Publication[]): void {
    const counts: Counts = {};
    for (const { refused } of publications)
      for (const [code, times] of Object.entries(refused)) count(counts, code, times);
    if (Object.keys(counts).length > 0) this.#context.note(`refused: ${textOf(counts)}`);
  }

  /** For how many ms nothing came to a client that stays, at most. */
  get longestSilence(): number {
    return Math.max(...this.staying.map(({ log }) => log.longestSilence));
  }

  /** Waits for the first event at every client that stays that was published after a time, in µs; `atMost` is in ms. */
  async deliveredSince(time: number, atMost: number): Promise<number> {
    return until(() => this.staying.every((client) => (this.#newest.get(client) ?? 0) > time), atMost);
  }

  /** Has the memory of the processes compared with the most that it has been. */
  async weigh(): Promise<void> {
    for (const served of this.#before.keys())
      this.#weights.set(served, (await served.ask('vitals', { collect: false })).peakRss);
  }

  /** By how much the memory of a process was above that since, in bytes, at most. */
  async growth(): Promise<number> {
    const growths = await Promise.all(
      Array.from(this.#weights, async ([served, weight]) => {
        const { peakRss } = await served.ask('vitals', { collect: false });
        return peakRss - weight;
      }),
    );
    const each = growths.map((bytes) => megabytes(bytes).toFixed(0));
    this.#context.note(`RSS of those that publish, and of those that serve: ${each.join(', ')} MB more`);
    return Math.max(...growths);
  }

  /**
   * What the clients got, when all have got what they can.
   *
   * @param order the numbers of all events in the order of Redis
   */
  async verdict(acknowledged: readonly number[], order: readonly number[]): Promise<Record<DeliveryFigure, number>> {
    this.#over = true;
    await Promise.all(this.clients.map((client) => (client.isAway ? client.open().catch(() => {}) : undefined)));
    await this.#settled(acknowledged);
    const verdicts = this.clients.map(({ log }) => log.verdict(acknowledged, order));
    const sum = (of: (verdict: Verdict) => number): number =>
      verdicts.reduce((total, verdict) => total + of(verdict), 0);
    const noticed = sum((each) => each.noticed);
    if (noticed > 0) this.#context.note(`${noticed} of those that came again came after a notice`);
    await this.#note();
    return {
      acknowledged: acknowledged.length,
      // By the client that has got the fewest.
      delivered: Math.min(...verdicts.map(({ delivered }) => delivered)),
      lost: sum((each) => each.lost),
      'lost without notice': sum((each) => each.silent),
      duplicated: sum((each) => each.duplicated),
      reordered: sum((each) => each.reordered),
      notices: this.clients.reduce((total, { log }) => total + log.notices.length, 0),
    };
  }

  /** How the processes are when all have gone: the worst of each figure. */
  async afterwards(): Promise<Record<AfterwardsFigure, number>> {
    for (const client of this.clients) client.cut();
    const figures = await Promise.all(
      [...this.#before].map(async ([served, before]) => {
        await served.ask('close');
        return afterwards(this.#context, served, before);
      }),
    );
    return figures.reduce((worst, each) => {
      const names = Object.keys(each) as AfterwardsFigure[];
      return { ...each, ...Object.fromEntries(names.map((name) => [name, Math.max(each[name], worst[name])])) };
    });
  }

  async #publishFrom(served: Served<LogOrders> | undefined, load: LogLoad): Promise<Publication> {
    return (served as Served<LogOrders>).ask('publish', { log: this.#settings.name, ...load });
  }

  async #join(): Promise<void> {
    const { redis, restless = 0, publishers: _, ...settings } = this.#settings;
    const path = `/${settings.name}`;
    const draw = random(this.#context.seed);
    for (const served of [...this.publishing, ...this.serving]) {
      this.#before.set(served, await served.ask('vitals', { collect: true }));
      const port = await served.ask('open', { redis, version: served === this.serving[0] ? 5 : 6 });
      await served.ask('add', settings);
      if (!this.serving.includes(served)) continue;
      for (let n = 0; n < staying + restless; n += 1) {
        const client: ReturningClient<DeliveryLog> = new ReturningClient({
          port,
          path,
          log: new DeliveryLog(),
          took: (_seq, time) => this.#newest.set(client, Math.max(time, this.#newest.get(client) ?? 0)),
        });
        this.#context.defer(() => client.cut());
        this.clients.push(client);
        if (n < staying) this.staying.push(client);
        await client.open();
        // From its position on, nothing is to be missed.
        if (settings.store === 'stream') await until(() => client.id !== undefined, 5_000);
        if (n >= staying) void this.#comeAndGo(client, draw);
      }
      await until(async () => (await served.ask('observers')) === 1, 5_000);
    }
    await sleep(300);
  }

  async #comeAndGo(client: ReturningClient<DeliveryLog>, draw: () => number): Promise<void> {
    while (!this.#over) {
      await sleep(200 + draw() * 1_000);
      if (this.#over) return;
      client.cut();
      await sleep(draw() * 500);
      if (!this.#over) await client.open().catch(() => {});
    }
  }

  /** All have got all, or nothing comes any more. */
  async #settled(acknowledged: readonly number[]): Promise<void> {
    let count = -1;
    let since = performance.now();
    const isOver = (): boolean => {
      const now = this.clients.reduce((total, { log }) => total + log.count, 0);
      if (now !== count) {
        count = now;
        since = performance.now();
      }
      if (performance.now() - since > 4_000) return true;
      return (
        performance.now() - since > 300 && this.clients.every(({ log }) => acknowledged.every((seq) => log.has(seq)))
      );
    };
    while (!isOver()) await sleep(50);
  }

  async #note(): Promise<void> {
    const counts: Counts = {};
    for (const { log } of this.clients) for (const reason of log.notices) count(counts, `gap ${reason}`);
    for (const served of this.#before.keys()) {
      const { closed, reported } = await served.ask('tally');
      for (const [name, times] of [...Object.entries(closed), ...Object.entries(reported)])
        if (name !== 'client') count(counts, name, times);
    }
    if (Object.keys(counts).length > 0) this.#context.note(textOf(counts));
  }
}
