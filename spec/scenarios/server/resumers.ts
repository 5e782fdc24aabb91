// Clients that are cut and come back all at once, in a process of their own: their work delays nobody's measurements, and
// gives way to them where cores are few, as if it were done on another machine.
import { constants, setPriority } from 'node:os';
import { EventLog } from '../support/EventLog.ts';
import { now } from '../support/marks.ts';
import { runLast } from '../support/precedence.ts';
import { ReturningClient } from '../support/ReturningClient.ts';
import { signal } from '../support/signal.ts';
import type { ScenarioServer } from './host.ts';

setPriority(constants.priority.PRIORITY_LOW);
// A process that is only nice still holds a core for milliseconds. Linux has a class for those that never do.
runLast();

/** What they got, all together. */
export interface ResumeReport {
  /** How many have caught up. */
  readonly resumed: number;
  /** How many events they had missed, and got. */
  readonly replayed: number;
  readonly holes: number;
  readonly repeats: number;
  readonly notices: number;
  /** How many ms the last one took to catch up. */
  readonly slowest: number;
}

export type ResumerOrders = {
  join(details: { readonly port: number; readonly path: string; readonly count: number }): Promise<void>;
  /** Cuts so many that are still there. */
  cut(details: { readonly count: number }): void;
  /** Has them come back. Each leaves when it has caught up and got so many events more. */
  resume(details: { readonly more: number }): Promise<ResumeReport>;
};

class Resumer {
  replayed = 0;
  caughtUpAt: number | undefined;
  readonly client: ReturningClient<EventLog>;
  #more = Number.POSITIVE_INFINITY;
  #resumedAt = Number.POSITIVE_INFINITY;
  #done = signal();

  constructor(port: number, path: string) {
    this.client = new ReturningClient({ port, path, log: new EventLog(), took: (_seq, time) => this.#took(time) });
  }

  /** Comes back, and resolves when it has left. */
  async resume(more: number): Promise<void> {
    this.#done = signal();
    this.#more = more;
    this.replayed = 0;
    this.caughtUpAt = undefined;
    this.#resumedAt = now();
    await this.client.open();
    await this.#done.given;
    this.client.cut();
  }

  get tookMs(): number {
    return ((this.caughtUpAt ?? Number.POSITIVE_INFINITY) - this.#resumedAt) / 1000;
  }

  #took(time: number): void {
    if (time > this.#resumedAt) {
      this.caughtUpAt ??= now();
      this.#more -= 1;
      if (this.#more === 0) this.#done.give();
    } else if (this.#resumedAt !== Number.POSITIVE_INFINITY) this.replayed += 1;
  }
}

const resumers: Resumer[] = [];

const orders: ResumerOrders = {
  async join({ port, path, count }) {
    for (let n = 0; n < count; n += 1) resumers.push(new Resumer(port, path));
    await Promise.all(resumers.map(({ client }) => client.open()));
  },
  cut({ count }) {
    for (const { client } of resumers.filter(({ client }) => !client.isAway).slice(0, count)) client.cut();
  },
  async resume({ more }) {
    await Promise.all(resumers.map((resumer) => resumer.resume(more)));
    const sum = (of: (resumer: Resumer) => number): number =>
      resumers.reduce((total, resumer) => total + of(resumer), 0);
    return {
      resumed: resumers.filter(({ caughtUpAt }) => caughtUpAt !== undefined).length,
      replayed: sum(({ replayed }) => replayed),
      holes: sum(({ client }) => client.log.holes),
      repeats: sum(({ client }) => client.log.repeats),
      notices: sum(({ client }) => client.log.notices.length),
      slowest: Math.max(...resumers.map(({ tookMs }) => tookMs)),
    };
  },
};

export const server: ScenarioServer = { observers: () => 0, orders };
