import type { Context } from '../Scenario.ts';
import { EventLog } from './EventLog.ts';
import { now } from './marks.ts';
import { ReturningClient } from './ReturningClient.ts';

/** Clients that stay. */
export class LiveCrowd {
  readonly logs: EventLog[] = [];
  #latencies: number[] = [];
  readonly #clients: ReturningClient<EventLog>[] = [];

  static async join(context: Context, count: number, port: number, path: string): Promise<LiveCrowd> {
    const crowd = new LiveCrowd();
    context.defer(() => crowd.leave());
    for (let n = 0; n < count; n += 1) await crowd.#join(port, path);
    return crowd;
  }

  /** The latencies while something goes on, in µs. */
  async latencies(going: () => Promise<unknown>): Promise<readonly number[]> {
    this.#latencies = [];
    await going();
    const measured = this.#latencies;
    this.#latencies = [];
    return measured;
  }

  get faults(): number {
    return this.logs.reduce((sum, { holes, repeats, notices }) => sum + holes + repeats + notices.length, 0);
  }

  leave(): void {
    for (const client of this.#clients.splice(0)) client.cut();
  }

  async #join(port: number, path: string): Promise<void> {
    const log = new EventLog();
    const client = new ReturningClient({ port, path, log, took: (_seq, time) => this.#latencies.push(now() - time) });
    this.logs.push(log);
    this.#clients.push(client);
    await client.open();
  }
}
