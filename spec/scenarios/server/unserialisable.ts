// A store to which values are published that have no text, and stores of Redis that are to refuse them.
import { subscribe } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type ConnectionEvent, type ErrorReport, Message, QueueStore, type Store, TornadoseError } from 'tornadose';
import { json, RedisStore, RedisStreamStore } from 'tornadose/redis';
import { unsendable } from '../../wire/unsendable.ts';
import type { OpenDoors, Ports } from './doors.ts';
import type { ScenarioServer } from './host.ts';
import { serveSources } from './sources.ts';

/** What came of the values. */
export interface Publication {
  readonly values: number;
  /** How many were reported exactly once, as what they are. */
  readonly reportedOnce: number;
  /** How many drops the connections told of. */
  readonly drops: number;
  readonly closes: number;
}

/** What came of them at the stores of Redis. */
export interface Refusals {
  /** How many were refused as what they are, and never sent. */
  readonly refused: number;
  /** Those that were not. */
  readonly others: readonly string[];
}

export type UnserialisableOrders = {
  open(): Promise<Ports>;
  /** Publishes each between two that can be sent: `0`, the value, `1`, the next one, `2`, … */
  publish(): Promise<Publication>;
  /** Submits each to stores of the Redis at `port`. */
  submit(details: { readonly port: number }): Promise<Refusals>;
  connections(): Promise<number>;
};

const store = new QueueStore<unknown>();
const values = Object.entries(unsendable);
let doors: OpenDoors;
let reports: unknown[] = [];
let drops = 0;
let closes = 0;

subscribe('tornadose:error', (report) => reports.push((report as ErrorReport).error));

function observe(event: ConnectionEvent): void {
  if (event.type === 'drop' && event.reason === 'unserialisable') drops += event.count;
  if (event.type === 'close') closes += 1;
}

const isUnserialisable = (error: unknown): boolean => TornadoseError.is(error, 'ERR_UNSERIALISABLE');

const orders: UnserialisableOrders = {
  async open() {
    doors = await serveSources((_url, connect) => connect(store).subscribe(observe));
    return doors.ports;
  },
  async publish() {
    let published = 0;
    let reportedOnce = 0;
    store.next(0);
    for (const [index, [, value]] of values.entries()) {
      reports = [];
      store.next(value);
      published += 1;
      await turn();
      if (reports.length === 1 && isUnserialisable(reports[0])) reportedOnce += 1;
      store.next(index + 1);
    }
    await turn();
    await turn();
    return { values: published, reportedOnce, drops, closes };
  },
  async submit({ port }) {
    const redis = new Redis(port, '127.0.0.1');
    const stores: Store<unknown, Promise<unknown>>[] = [
      new RedisStore<unknown>({ redis, codec: json }),
      new RedisStreamStore<unknown>({ redis, key: 'values', codec: json }),
    ];
    const texts = new RedisStore({ redis });
    const submitting = values.flatMap(([name, value]) => {
      // JSON has an escape for half a character, and text has none.
      if (typeof value === 'string') return { name, answer: texts.submit(value) };
      // Pub/Sub carries what the codec makes of a message; a stream carries its data.
      const fitting = value instanceof Message ? stores.slice(1) : stores;
      return fitting.map((each) => ({ name: `${name} to ${each.constructor.name}`, answer: each.submit(value) }));
    });
    const others: string[] = [];
    for (const { name, answer } of submitting) {
      const outcome: unknown = await answer.catch((error) => error);
      if (!isUnserialisable(outcome)) others.push(`${name}: ${outcome}`);
    }
    const sent = Number(await redis.exists('values'));
    if (sent > 0) others.push('something was sent');
    for (const each of [...stores, texts]) await each.close();
    redis.disconnect();
    return { refused: submitting.length - others.length, others };
  },
  connections: () => doors.connections(),
};

export const server: ScenarioServer = { observers: () => store.observers.length, orders };
