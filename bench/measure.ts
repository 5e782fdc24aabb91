import { fileURLToPath } from 'node:url';
import { Child } from './Child.ts';
import type { Load } from './cases.ts';
import type { Arrival, LoadOrder } from './load/protocol.ts';
import type { Server } from './servers.ts';

/** Figures by their names, with the unit in the name. The first one is what the case is about. */
export type Sample = Readonly<Record<string, number>>;

interface Mark {
  readonly cpu: number;
  readonly rss: number;
  /** On the heap and beside it, in bytes. */
  readonly held: number;
  readonly peak: number;
}

interface Volume {
  readonly ticks: number;
  readonly perTick: number;
  /** Without it, each tick is one turn of the event loop. */
  readonly perSecond?: number;
  readonly bytes: number;
}

const patience = 10_000;
/** No run takes longer, whatever a server does: one that never answers has failed. In ms. */
const longest = 120_000;
const mebibyte = 2 ** 20;
const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** One run of one case: a new server process and a new load process, which are gone afterwards. */
export async function measure(server: Server, load: Load): Promise<Sample> {
  const run = new Run(server);
  const deadline = setTimeout(() => run.end(), longest);
  try {
    await run.start();
    if (load.kind === 'delivery') return await delivery(run, load);
    if (load.kind === 'stalled') return await stalled(run, load);
    return await connections(run, load);
  } finally {
    clearTimeout(deadline);
    await run.end();
  }
}

async function delivery(run: Run, load: Extract<Load, { readonly kind: 'delivery' }>): Promise<Sample> {
  const { clients, seconds, perTick, perSecond } = load;
  await run.connect(clients);
  const volume = { perTick, perSecond, bytes: 256 };
  await run.deliver({ ...volume, ticks: perSecond });
  const { used, delivered, expected, p50, p99, after } = await run.deliver({
    ...volume,
    ticks: Math.round(perSecond * seconds),
  });
  return {
    'cpu µs/event': used / delivered,
    'p50 ms': p50 / 1000,
    'p99 ms': p99 / 1000,
    'rss MiB': after.rss / mebibyte,
    'delivered %': (100 * delivered) / expected,
  };
}

async function connections(run: Run, { kind, clients }: Extract<Load, { readonly clients: number }>): Promise<Sample> {
  const collect = kind === 'idle';
  await run.connect(500);
  const before = await run.mark(collect);
  await run.connect(clients);
  const after = await run.mark(collect);
  const memory = (after.rss - before.rss) / 1024 / clients;
  const cpu = (after.cpu - before.cpu) / clients;
  return kind === 'idle' ? { 'KiB/connection': memory } : { 'cpu µs/connection': cpu };
}

/** The same events to one healthy client, first alone and then beside those that never read. */
async function stalled(run: Run, { clients, events }: Extract<Load, { readonly kind: 'stalled' }>): Promise<Sample> {
  const volume = { ticks: events, perTick: 1, bytes: 1024 };
  await run.connect(1);
  const alone = await run.deliver(volume);
  const before = await run.mark(true);
  await run.connect(clients, false);
  const beside = await run.deliver(volume);
  const during = await run.mark(false);
  await run.cut();
  const after = await run.mark(true);
  return {
    'peak +MiB': (Math.max(beside.after.peak, during.peak) - before.rss) / mebibyte,
    'after +MiB': (after.rss - before.rss) / mebibyte,
    'held +MiB': (after.held - before.held) / mebibyte,
    'healthy %': (100 * beside.delivered) / beside.expected,
    'cpu µs/event': beside.used / beside.delivered,
    'cpu alone': alone.used / alone.delivered,
    'p99 ms': beside.p99 / 1000,
  };
}

/** The two processes of a run: the server on one core, the clients on the other. */
class Run {
  readonly #server: Server;
  readonly #host: Child;
  readonly #load: Child;
  #port = 0;
  #clients = 0;

  constructor(server: Server) {
    this.#server = server;
    const { module, variant = '' } = server;
    this.#host = new Child(server.name, 0, ['--expose-gc', pathOf('./server/host.mjs'), module, variant]);
    this.#load = new Child('load', 1, ['--import', 'tsx', pathOf('./load/load.ts')]);
  }

  async start(): Promise<void> {
    [this.#port] = await Promise.all([this.#host.ready(), this.#load.ready()]);
  }

  async end(): Promise<void> {
    await Promise.all([this.#host.end(), this.#load.end()]);
  }

  async connect(count: number, reads = true): Promise<void> {
    const { protocol, filtered = false } = this.#server;
    const inFlight = Math.min(128, count);
    const port = this.#port;
    await this.#order({ order: 'connect', port, protocol, count, inFlight, reads, filtered });
    this.#clients += count;
    await this.#host.ask({ order: 'clients', count: this.#clients });
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
  async deliver(volume: Volume): Promise<Arrival & { readonly used: number; readonly after: Mark }> {
    await this.#order({ order: 'restart' });
    const before = await this.mark(false);
    const { seq } = await this.#host.ask<{ readonly seq: number }>({ order: 'publish', ...volume });
    const arrival = await this.#order<Arrival>({ order: 'await', seq, timeout: patience });
    const after = await this.mark(false);
    return { ...arrival, used: after.cpu - before.cpu, after };
  }

  #order<Answer>(order: LoadOrder): Promise<Answer> {
    return this.#load.ask<Answer>(order);
  }
}
