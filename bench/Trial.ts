import { fileURLToPath } from 'node:url';
import { Child } from './Child.ts';
import type { Question } from './cases.ts';
import type { Arrival, LoadOrder, StreamArrival } from './load/protocol.ts';
import type { Server } from './servers.ts';

/** What a server has used so far: µs of CPU, and bytes. What a program beside Node does not tell is null. */
export interface Mark {
  readonly cpu: number;
  readonly rss: number;
  /** The most that was ever resident. */
  readonly highest: number | null;
  /** On the heap and beside it. */
  readonly held: number | null;
  /** The most that was resident while it published, which is looked at now and then. */
  readonly peak: number;
}

/** What is published. */
export interface Volume {
  readonly ticks: number;
  readonly perTick: number;
  /** Without it, each tick is one turn of the event loop. */
  readonly perSecond?: number;
  readonly bytes: number;
}

/** What came of a volume, and the µs of CPU that it took. */
export interface Delivery extends Arrival {
  readonly used: number;
  readonly after: Mark;
}

/** For how long the event loop was away, in ms. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The longest that is published, in µs; and how long the last event may take to come, in ms. */
const longest = 30_000_000;
const patience = 10_000;
/** The listeners are those of libraries that leave them behind while a client is slow: a line for each client. */
const flags = ['--expose-gc', '--disable-warning=MaxListenersExceededWarning'];
const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** The two processes of a run: the server on one core, the clients on the other. */
export class Trial {
  readonly #server: Server;
  readonly #filtered: boolean;
  readonly #host: Child;
  readonly #load: Child;
  readonly #profile: string | undefined;
  #port = 0;

  /** With a file for a profile of the server process. */
  constructor(server: Server, question: Question, profile?: string) {
    this.#profile = profile;
    const variant = server.variants[question] ?? '';
    this.#server = server;
    this.#filtered = variant === 'filter';
    const host = [...flags, pathOf('./server/host.mjs'), server.module, variant];
    this.#host = new Child(server.name, 0, host);
    this.#load = new Child('load', 1, ['--import', 'tsx', pathOf('./load/load.ts')]);
  }

  async start(): Promise<void> {
    [this.#port] = await Promise.all([this.#host.ready(), this.#load.ready()]);
  }

  async end(): Promise<void> {
    await Promise.all([this.#host.end(), this.#load.end()]);
  }

  async connect(count: number, reads = true): Promise<void> {
    const { protocol } = this.#server;
    const inFlight = Math.min(128, count);
    const [port, filtered] = [this.#port, this.#filtered];
    await this.#order({ order: 'connect', port, protocol, count, inFlight, reads, filtered });
  }

  mark(collect: boolean): Promise<Mark> {
    return this.#host.ask({ order: 'mark', collect });
  }

  /** Cuts those that do not read, and waits until the server has noticed. */
  async cut(): Promise<void> {
    await this.#order({ order: 'cut' });
    await this.#host.ask({ order: 'remaining', count: 1 });
  }

  /** Publishes, waits until all of it has come, and says what the server used for it. */
  deliver(volume: Volume): Promise<Delivery> {
    return this.#deliver('publish', volume);
  }

  /** The same, with a look at the event loop of the server. */
  deliverWatched(volume: Volume): Promise<Delivery & LoopDelay> {
    return this.#deliver('publishWatched', volume);
  }

  /** One client more, which takes a stream. */
  async stream(events: number): Promise<StreamArrival & { readonly used: number; readonly after: Mark }> {
    const before = await this.mark(false);
    const order = { order: 'stream', port: this.#port, events, timeout: patience } as const;
    const arrival = await this.#order<StreamArrival>(order);
    const after = await this.mark(false);
    return { ...arrival, used: after.cpu - before.cpu, after };
  }

  /** The most that is held while `act` goes on, after a garbage collection, in bytes. */
  async held(act: () => Promise<unknown>): Promise<number> {
    await this.#host.ask({ order: 'hold' });
    await act();
    const { bytes } = await this.#host.ask<{ readonly bytes: number }>({ order: 'held' });
    return bytes;
  }

  /** Does what the case is about: it is what a profile shows, if there is to be one. */
  async core<Result>(act: () => Promise<Result>): Promise<Result> {
    const file = this.#profile;
    if (file === undefined) return act();
    await this.#host.ask({ order: 'startProfile' });
    const result = await act();
    await this.#host.ask({ order: 'stopProfile', file });
    return result;
  }

  async #deliver<More>(order: string, volume: Volume): Promise<Delivery & More> {
    await this.#order({ order: 'restart' });
    const before = await this.mark(false);
    const { seq, ...more } = await this.#host.ask<{ readonly seq: number } & More>({ order, ...volume, longest });
    const arrival = await this.#order<Arrival>({ order: 'await', seq, timeout: patience });
    const after = await this.mark(false);
    return { ...arrival, ...(more as More), used: after.cpu - before.cpu, after };
  }

  #order<Answer>(order: LoadOrder): Promise<Answer> {
    return this.#load.ask<Answer>(order);
  }
}
