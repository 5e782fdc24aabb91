// The process with the clients. It takes orders from its parent, and ends with it.
import { quantile } from '../statistics.ts';
import { Client } from './Client.ts';
import { EventCounter } from './EventCounter.ts';
import { passes } from './passes.ts';
import type { Arrival, LoadOrder } from './protocol.ts';
import { stream } from './stream.ts';

type Order<Name> = Extract<LoadOrder, { readonly order: Name }>;

/** A client that reads. What it has missed before it came does not count. */
interface Reader {
  readonly filtered: boolean;
  readonly from: number;
  readonly counter: EventCounter;
  /** How many events it had when the measuring began. */
  before: number;
}

/** By their numbers. */
const readers: Reader[] = [];
const idlers: Client[] = [];
let latencies: number[] = [];
let delivered = 0;
let begun = 0;
let published = 0;
let onArrival: () => void = () => {};

const now = (): number => Number(process.hrtime.bigint() / 1000n);

function connect(order: Order<'connect'>): Promise<void> {
  let left = order.count;
  const one = (): Promise<void> => new Promise((opened) => (order.reads ? read(order, opened) : idle(order, opened)));
  const lane = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  return Promise.all(Array.from({ length: order.inFlight }, lane)).then(() => {});
}

function read({ port, protocol, filtered }: Order<'connect'>, opened: () => void): void {
  const client = readers.length;
  const timed = client % 10 === 0;
  let last = -1;
  const observe = (seq: number, time: number): void => {
    if (!(seq > last)) throw new Error(`Expected an event after ${last}, got ${seq}`);
    last = seq;
    // The other half would be as many.
    if (filtered && !passes(seq, client)) throw new Error(`Client ${client} is not to get event ${seq}`);
    if (timed) latencies.push(now() - time);
  };
  const counter = new EventCounter(timed || filtered ? observe : undefined);
  readers.push({ filtered, from: published, counter, before: 0 });
  new Client({ port, protocol, path: `/?client=${client}` }, opened, (bytes) => {
    delivered += counter.take(bytes);
    onArrival();
  });
}

function idle({ port, protocol }: Order<'connect'>, opened: () => void): void {
  idlers.push(new Client({ port, protocol, path: '/?client=0' }, opened));
}

/** How many events each reader is to get from the one number to before the other. */
function expected(begin: number, end: number): number[] {
  return readers.map(({ filtered, from }, client) => {
    const first = Math.max(begin, from);
    if (!filtered) return end - first;
    let sum = 0;
    for (let seq = first; seq < end; seq += 1) if (passes(seq, client)) sum += 1;
    return sum;
  });
}

/** Where as many came as were to come, what one has too much would hide what another has missed. */
function checkEach(counts: readonly number[]): void {
  for (const [client, { counter, before }] of readers.entries()) {
    const count = counter.count - before;
    if (count !== counts[client]) throw new Error(`Client ${client} is to get ${counts[client]} events, got ${count}`);
  }
}

/** Waits until all has come that was published before `seq`, or for too long. */
async function arrival({ seq, timeout }: Order<'await'>): Promise<Arrival> {
  const counts = expected(begun, seq);
  const total = counts.reduce((sum, count) => sum + count, 0);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, timeout);
    onArrival = () => {
      if (delivered < total) return;
      clearTimeout(timer);
      resolve();
    };
    onArrival();
  });
  onArrival = () => {};
  if (delivered >= total) checkEach(counts);
  published = seq;
  const sorted = latencies.sort((a, b) => a - b);
  return { delivered, expected: total, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
}

const follow: { readonly [Name in LoadOrder['order']]: (order: Order<Name>) => unknown } = {
  connect,
  await: arrival,
  stream,
  restart() {
    [latencies, delivered, begun] = [[], 0, published];
    for (const reader of readers) reader.before = reader.counter.count;
  },
  cut() {
    for (const idler of idlers.splice(0)) idler.cut();
  },
};

process.on('message', async ({ id, ...order }: LoadOrder & { readonly id: number }) => {
  const act = follow[order.order] as (order: LoadOrder) => unknown;
  process.send?.({ id, answer: (await act(order)) ?? {} });
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: 0 });
