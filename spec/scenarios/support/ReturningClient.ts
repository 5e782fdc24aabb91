import { setTimeout as sleep } from 'node:timers/promises';
import { EventStreamClient } from './EventStreamClient.ts';
import { eventReader } from './eventReader.ts';
import { seqOf, timeOf } from './marks.ts';

/** Where a client writes down what it gets. */
export interface Journal {
  take(seq: number): void;
  notice(reason: string): void;
}

export interface ReturningClientOptions<Log extends Journal> {
  readonly port: number;
  readonly path: string;
  readonly log: Log;
  /** The position to come with. */
  readonly id?: string | undefined;
  /** Told of each event too: its number, the time of its publishing in µs, and its id. */
  readonly took?: (seq: number, time: number, id: string | undefined) => void;
}

/** As quick as a browser may be. */
const returnsAfter = 100;

/** A client as an EventSource is: when its connection ends it comes back, with the id that it has seen last. */
export class ReturningClient<Log extends Journal> {
  readonly log: Log;
  id: string | undefined;
  /** The name of the first event of this connection: `message` where it has none of its own. */
  first: string | undefined;
  readonly #options: ReturningClientOptions<Log>;
  #client: EventStreamClient | undefined;

  constructor(options: ReturningClientOptions<Log>) {
    this.log = options.log;
    this.id = options.id;
    this.#options = options;
  }

  get isAway(): boolean {
    return this.#client === undefined;
  }

  /** Comes, or comes back. */
  async open(): Promise<void> {
    const { port, path } = this.#options;
    this.first = undefined;
    const onBody = eventReader((data, event, id) => {
      // What was read already when it left.
      if (this.#client === client) this.#take(data, event, id);
    });
    const client = new EventStreamClient({ port, path, lastEventId: this.id, onBody });
    this.#client = client;
    void client.closed.then(() => this.#return(client));
    await client.opened;
  }

  /** Goes away, as by a broken line. */
  cut(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.reset();
  }

  #take(data: string, event: string | undefined, id: string | undefined): void {
    this.first ??= event ?? 'message';
    if (id !== undefined) this.id = id;
    if (event === 'gap') this.log.notice((JSON.parse(data) as { reason: string }).reason);
    if (event !== undefined) return;
    const seq = seqOf(data);
    this.log.take(seq);
    this.#options.took?.(seq, timeOf(data), id);
  }

  async #return(client: EventStreamClient): Promise<void> {
    await sleep(returnsAfter);
    if (this.#client !== client) return;
    await this.open().catch(() => {});
  }
}
