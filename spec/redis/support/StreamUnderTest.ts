import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Observable } from 'rxjs';
import { type Gap, type Message, TornadoseError } from 'tornadose';
import { RedisStreamStore } from 'tornadose/redis';
import { placeOf } from '../../../src/redis/place.ts';
import type { Fault } from '../../contracts/faultsOf.ts';
import { type Entry, Ledger } from '../../contracts/Ledger.ts';
import type { LogUnderTest } from '../../contracts/logModel.ts';
import { RedisServer } from '../../support/RedisServer.ts';

/** How a stream is kept. */
export interface StreamSettings {
  /** Whether Redis has after a crash what it has acknowledged. */
  readonly isDurable: boolean;
  readonly maxLength: number;
  readonly ttl: number | undefined;
  readonly timeout: number;
}

/** A Redis with two processes on it. The first one publishes. */
export class Bench {
  readonly server: RedisServer;
  readonly clients: readonly [Redis, Redis];
  readonly isDurable: boolean;
  runs = 0;

  static async start(isDurable: boolean): Promise<Bench> {
    // Redis trims whole nodes: small ones are trimmed often.
    const small = ['--stream-node-max-entries', '4'];
    const server = await (isDurable ? RedisServer.startDurable(...small) : RedisServer.start(...small));
    const connect = (): Redis => {
      const redis = new Redis(server.url, { retryStrategy: () => 25, maxLoadingRetryTime: 10 });
      redis.on('error', () => {});
      return redis;
    };
    const clients = [connect(), connect()] as const;
    await Promise.all(clients.map((redis) => once(redis, 'ready')));
    return new Bench(server, clients, isDurable);
  }

  private constructor(server: RedisServer, clients: readonly [Redis, Redis], isDurable: boolean) {
    this.server = server;
    this.clients = clients;
    this.isDurable = isDurable;
  }

  async dispose(): Promise<void> {
    for (const redis of this.clients) redis.disconnect();
    await this.server.dispose();
  }
}

/** Entries that are taken for marks of the library's own: what may be retained beside the values. */
const marks = 8;

/** A `RedisStreamStore` in two processes beside its model. */
export class StreamUnderTest implements LogUnderTest {
  readonly ledger: Ledger;
  readonly processes = 2;
  readonly patience = 1_600;
  readonly #bench: Bench;
  readonly #settings: StreamSettings;
  readonly #key: string;
  readonly #stores: RedisStreamStore<string>[];
  readonly #closing: Promise<void>[] = [];
  readonly #pending = new Set<Promise<unknown>>();
  /** What another program does. */
  #others: Promise<unknown> = Promise.resolve();
  readonly #faults: Fault[] = [];
  #isDown = false;
  /** Whether publishes may be on their way that go twice: over a connection that is gone, or with a script that is. */
  #isShaken = false;

  constructor(bench: Bench, settings: StreamSettings) {
    this.#bench = bench;
    this.#settings = settings;
    bench.runs += 1;
    this.#key = `model-${bench.runs}`;
    const { maxLength, ttl = Number.MAX_SAFE_INTEGER } = settings;
    const retention = { count: maxLength - marks, bytes: Number.MAX_SAFE_INTEGER, ttl };
    this.ledger = new Ledger(retention, () => Date.now());
    this.#stores = [this.#made(0), this.#made(1)];
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  since(
    process: number,
    position: string | undefined,
    otherwise: 'live' | 'earliest',
  ): Observable<Message<string> | Gap> {
    return this.#store(process).since(position, { otherwise });
  }

  // ── publishing ─────────────────────────────────────────────────────────────────────────────────────────────────

  publish(count: number, bytes: number): void {
    for (let n = 0; n < count; n += 1) this.#submit(0, this.ledger.issue(bytes));
  }

  /** Submits a value twice under one key, at once, and a third time in the other process when it has its answer. */
  async publishKeyed(): Promise<void> {
    const entry = this.ledger.issue(0);
    const key = `key-${entry.number}`;
    this.#submit(0, entry, key);
    this.#submit(0, entry, key);
    await this.#calm();
    await this.#answered();
    if (entry.fate === 'acknowledged') this.#submit(1, entry, key);
    await this.#answered();
  }

  /** Another program adds a value. */
  async add(): Promise<void> {
    await this.#calm();
    const entry = this.ledger.issue(0, true);
    const added = this.#redis(0).xadd(this.#key, '*', 'data', JSON.stringify(entry.text));
    this.#awaitOther(
      added.then(() => {
        entry.fate = 'acknowledged';
      }),
    );
  }

  // ── what may happen to a stream ────────────────────────────────────────────────────────────────────────────────

  /** Another program trims it to so many entries, marks among them. */
  async trim(retained: number): Promise<void> {
    await this.#calm();
    const issued = this.ledger.issued;
    const damage = this.ledger.damage({ kind: 'trim', number: issued, emptied: retained === 0 });
    const redis = this.#redis(0);
    const trimmed = redis.multi().xtrim(this.#key, 'MAXLEN', retained).xrange(this.#key, '-', '+').exec();
    this.#awaitOther(
      trimmed.then((answers) => {
        const entries = (answers?.[1]?.[1] ?? []) as [string, string[]][];
        const first = Math.min(...entries.map(numberOf).filter((number) => number !== undefined));
        damage.number = Math.min(first - 1, issued);
      }),
    );
  }

  /** Another program deletes an entry in the middle, of which the next one says that it was there. */
  async hole(): Promise<void> {
    await this.#calm();
    await this.#answered();
    const entries = await this.#redis(0).xrange(this.#key, '-', '+');
    const [entry, next] = entries.slice(Math.floor(entries.length / 2));
    const number = entry && numberOf(entry);
    if (entry === undefined || next === undefined || number === undefined) return;
    if (!entry[1].includes('by') || !next[1].includes(entry[0])) return;
    this.ledger.damage({ kind: 'hole', number });
    await this.#redis(0).xdel(this.#key, entry[0]);
  }

  async wipe(command: 'DEL' | 'FLUSHALL'): Promise<void> {
    await this.#calm();
    const damage = this.ledger.damage({
      kind: 'epoch',
      number: this.ledger.issued,
      reusesIdsUntil: Number.POSITIVE_INFINITY,
    });
    const redis = this.#redis(0);
    const wiped = (command === 'DEL' ? redis.multi().time().del(this.#key) : redis.multi().time().flushall()).exec();
    this.#awaitOther(
      wiped.then((answers) => {
        const time = answers?.[0]?.[1] as readonly string[] | undefined;
        const [seconds = Number.NaN, micros = Number.NaN] = (time ?? []).map(Number);
        damage.doneIn = seconds * 1000 + Math.floor(micros / 1000);
        damage.reusesIdsUntil = Date.now() + 2;
      }),
    );
  }

  // ── what may happen to connections, processes and Redis ────────────────────────────────────────────────────────

  restart(process: number): void {
    this.#closing.push(this.#store(process).close());
    this.#stores[process] = this.#made(process);
  }

  /** Ends the connections that read, or those of the first process over which it publishes. */
  async cutRedis(which: 'readers' | 'publisher'): Promise<void> {
    await this.#calm();
    if (which === 'publisher') {
      await this.#bounded();
      this.#isShaken = true;
    }
    const admin = this.#redis(1);
    const list = String(await admin.client('LIST')).split('\n');
    const own = this.#redis(0);
    const address = `addr=127.0.0.1:${own.stream.localPort} `;
    const victims = list.filter((line) => (which === 'readers' ? line.includes('cmd=xread') : line.includes(address)));
    for (const line of victims) await admin.client('KILL', 'ID', Number(/\bid=(\d+)/.exec(line)?.[1]));
  }

  /** Kills Redis. One that keeps nothing comes back empty. */
  async crash(): Promise<void> {
    await this.#calm();
    await this.#bounded();
    const { clients, server, isDurable } = this.#bench;
    const closed = clients.map((redis) => new Promise<void>((resolve) => redis.once('close', () => resolve())));
    this.#isDown = true;
    this.#isShaken = true;
    await server.stop();
    // What it has answered until then has been read.
    await Promise.all(closed);
    await new Promise((resolve) => setImmediate(resolve));
    if (isDurable) return;
    for (const entry of this.ledger.entries)
      if (entry.fate === 'waiting' || entry.fate === 'unknown') entry.mayComeTwice = true;
    const last = this.ledger.entries.findLast(({ fate }) => fate === 'acknowledged');
    this.ledger.damage({ kind: 'epoch', number: last?.number ?? 0 });
  }

  async recover(): Promise<void> {
    if (!this.#isDown) return;
    await this.#bench.server.restart();
    this.#isDown = false;
  }

  async pass(ms: number): Promise<void> {
    await sleep(ms);
  }

  async settle(): Promise<void> {
    await this.recover();
    await this.#ready();
    await this.#answered();
  }

  async faults(): Promise<readonly Fault[]> {
    const entries = (await this.#redis(0).xrange(this.#key, '-', '+')) as [string, string[]][];
    const numbers = entries.map(numberOf).filter((number) => number !== undefined);
    const twice = numbers.filter((number, index) => numbers.indexOf(number) < index);
    for (const number of twice) this.#faults.push({ kind: 'duplicated', text: `${number} is in the stream twice` });
    return this.#faults;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#closing, ...this.#stores.map((store) => store.close())]);
    await this.recover();
    await this.#ready();
    await this.#redis(0).del(this.#key);
  }

  #store(process: number): RedisStreamStore<string> {
    return this.#stores[process] as RedisStreamStore<string>;
  }

  #redis(process: number): Redis {
    return this.#bench.clients[process] as Redis;
  }

  #made(process: number): RedisStreamStore<string> {
    const { maxLength, ttl, timeout } = this.#settings;
    return new RedisStreamStore<string>({ redis: this.#redis(process), key: this.#key, maxLength, timeout, ttl });
  }

  #submit(process: number, entry: Entry, key?: string): void {
    const options = key === undefined ? {} : { key };
    this.#await(
      this.#store(process)
        .submit(entry.text, options)
        .then(
          (id) => {
            entry.fate = 'acknowledged';
            this.#sameId(entry, id);
          },
          (error: unknown) => {
            if (TornadoseError.is(error, 'ERR_REDIS_DOWN')) {
              if (entry.fate === 'waiting') entry.fate = 'unsent';
            } else if (TornadoseError.is(error, 'ERR_REDIS_TIMEOUT')) {
              if (entry.fate !== 'acknowledged') entry.fate = 'unknown';
            } else this.#faults.push({ kind: 'wrong', text: `${entry.number} fails with ${String(error)}` });
          },
        ),
    );
  }

  #sameId(entry: Entry, id: string): void {
    entry.id ??= id;
    entry.takenIn = Number(placeOf(id)?.id.split('-')[0]);
    if (entry.id !== id)
      this.#faults.push({ kind: 'wrong', text: `${entry.number} is promised as ${entry.id} and as ${id}` });
  }

  #await(answer: Promise<unknown>): Promise<unknown> {
    const pending = answer.catch((error: unknown) => {
      this.#faults.push({ kind: 'wrong', text: String(error) });
    });
    this.#pending.add(pending);
    void pending.then(() => this.#pending.delete(pending));
    return pending;
  }

  #awaitOther(answer: Promise<unknown>): void {
    this.#others = this.#await(answer);
  }

  async #answered(): Promise<void> {
    const late = sleep(12_000, 'late', { ref: false });
    if ((await Promise.race([Promise.all(this.#pending), late])) === 'late')
      this.#faults.push({ kind: 'lost', text: `${this.#pending.size} publishes have no answer` });
  }

  /** Before a connection is lost: what is sent again must not have been trimmed meanwhile, by which it is known. */
  async #bounded(): Promise<void> {
    await this.#others;
    const waiting = this.ledger.entries.filter(({ fate }) => fate === 'waiting').length;
    if (waiting > this.#settings.maxLength / 2) await this.#answered();
  }

  async #ready(): Promise<void> {
    while (this.#bench.clients.some(({ status }) => status !== 'ready')) await sleep(2);
  }

  /** What follows is carried out in the order in which it is asked for. */
  async #calm(): Promise<void> {
    await this.#ready();
    if (!this.#isShaken) return;
    await this.#answered();
    // What has no answer in time may still be on its way, and a script that Redis does not know goes twice.
    for (let trips = 0; trips < 2; trips += 1) await this.#redis(0).ping();
  }
}

/** The number of the value of an entry; a mark has none. */
function numberOf([, fields]: [id: string, fields: string[]]): number | undefined {
  const data = fields[fields.indexOf('data') + 1];
  return fields.includes('data') && data !== undefined ? Number.parseInt(JSON.parse(data), 10) : undefined;
}
