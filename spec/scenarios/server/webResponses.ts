// A store behind web-standard responses, and their readers, in one process: there is no socket between them.
import { setImmediate as turn } from 'node:timers/promises';
import { type ConnectionEvent, onBackpressureBuffer, QueueStore, toResponse } from 'tornadose';
import { EventLog } from '../support/EventLog.ts';
import { marked, markReader } from '../support/marks.ts';
import { ClientRecord, type ClientReport, eventStreamFraming } from './ClientRecord.ts';
import type { ScenarioServer } from './host.ts';
import { type Published, Publisher, type PublishLoad } from './Publisher.ts';

export type WebResponseOrders = {
  open(settings: { readonly maxBytes: number }): void;
  /** Joins readers that read all. */
  read(details: { readonly count: number }): void;
  /** Joins clients that take the reader, and read nothing. */
  stall(details: { readonly count: number }): void;
  publish(load: PublishLoad): Promise<Published>;
  /** How many readers have got all of it, in order. */
  complete(): number;
  stalled(): readonly ClientReport[];
  /** How many of those that read nothing are told of their end by an error, and not by a regular end. */
  broken(): Promise<number>;
  /** Joins clients that read nothing, lets something wait for them, and has them cancel: the ms until they are unsubscribed. */
  cancel(details: { readonly count: number }): Promise<number>;
  /** Has all leave. */
  leave(): Promise<void>;
};

type Reader = ReadableStreamDefaultReader<Uint8Array>;

const store = new QueueStore<string>();
const records: ClientRecord[] = [];
const logs: EventLog[] = [];
const readers: Reader[] = [];
const stalledReaders: Reader[] = [];
let publisher: Publisher;
let limit: number;

function connect(onEvent?: (event: ConnectionEvent) => void): Reader {
  const response = toResponse(store, new Request('http://127.0.0.1/'), {
    backpressure: onBackpressureBuffer({ maxBytes: limit }),
    onEvent,
  });
  return (response.body as ReadableStream<Uint8Array>).getReader();
}

async function readAll(reader: Reader, take: (bytes: Buffer) => void): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    take(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  }
}

const orders: WebResponseOrders = {
  open({ maxBytes }) {
    limit = maxBytes;
    publisher = new Publisher((text) => store.next(text), records, limit);
  },
  read({ count }) {
    for (let n = 0; n < count; n += 1) {
      const log = new EventLog();
      const reader = connect();
      logs.push(log);
      readers.push(reader);
      void readAll(
        reader,
        markReader((seq) => log.take(seq)),
      );
    }
  },
  stall({ count }) {
    for (let n = 0; n < count; n += 1) {
      const { seq, bytes } = publisher;
      const record = new ClientRecord(n, true, { seq, bytes }, { taken: 0, held: 0, framing: eventStreamFraming });
      records.push(record);
      stalledReaders.push(connect(record.observe));
    }
  },
  publish: (load) => publisher.publish(load),
  complete: () => logs.filter((log) => log.faults(0, publisher.seq - 1) === 0).length,
  stalled: () => records.map(({ report }) => report),
  async broken() {
    const ends = await Promise.allSettled(stalledReaders.map((reader) => readAll(reader, () => {})));
    return ends.filter(({ status }) => status === 'rejected').length;
  },
  async cancel({ count }) {
    const before = store.observers.length;
    const cancelling = Array.from({ length: count }, () => connect());
    for (let n = 0; n < 256; n += 1) store.next(marked(publisher.seq++, 1024));
    await turn();
    if (store.observers.length !== before + count) throw new Error('They left before they cancelled');
    const begun = performance.now();
    for (const reader of cancelling) void reader.cancel();
    while (store.observers.length > before && performance.now() - begun < 5_000) await turn();
    return performance.now() - begun;
  },
  async leave() {
    for (const reader of [...readers.splice(0), ...stalledReaders.splice(0)]) await reader.cancel().catch(() => {});
  },
};

export const server: ScenarioServer = { observers: () => store.observers.length, orders };
