import { shown, TornadoseError } from './errors.ts';

/** What a {@link Message} is made of. */
export interface MessageFields<T> {
  /** What is sent. A string goes out as it is, everything else through the sink's `serialize`. */
  readonly data: T;
  /**
   * The event's name (`addEventListener(event, …)` in a page). No CR, LF or NUL, and not `gap`, `position` or `end`.
   * `open` and `error` reach a page's `onopen` and `onerror` as well.
   */
  readonly event?: string | undefined;
  /** What a client that comes back says it has seen: 1 to 128 of `[A-Za-z0-9._~-]`. */
  readonly id?: string | undefined;
  /** How long an EventSource waits before it comes back: an integer of milliseconds, from 100 to 2 147 483 647. */
  readonly retry?: number | undefined;
}

// Other bytes in an id make real clients fail to reconnect, or cause a CORS preflight.
const idForm = /^[A-Za-z0-9._~-]{1,128}$/;
// Those that end or void a field (WHATWG HTML, section 9.2.6).
const breaksField = /[\r\n\0]/;
const reserved = new Set(['gap', 'position', 'end']);

/**
 * What is made of a message once, by one function for all messages. In a WeakMap each client that comes back would look for
 * each message that it has missed, which takes a quarter of a replay.
 */
export let madeOf: <Made>(message: Message, make: (message: Message) => Made) => Made;

/**
 * A value with a name, an id or a retry: what to emit where plain data is not enough.
 *
 * ```ts
 * store.next(new Message({ data: { price: 12.5 }, event: 'trade', id: '42' }));
 * ```
 *
 * It is immutable: it is encoded once and shared by all clients, so an operator that changes one returns a new one
 * (`mapData` does). The fields are those of an SSE event (WHATWG HTML, section 9.2.6).
 *
 * @throws TornadoseError `ERR_INVALID_MESSAGE` when a field cannot go over the wire.
 */
export class Message<T = unknown> implements MessageFields<T> {
  /** What was made of it, for as long as it lives: a private field may be written where all else is frozen. */
  #made: unknown;
  readonly data: T;
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly retry: number | undefined;

  constructor(fields: MessageFields<T>) {
    if (typeof fields !== 'object' || fields === null || !('data' in fields)) {
      throw invalidMessage('data', 'given, as in `new Message({ data })`', fields);
    }
    const { data, event, id, retry } = fields;
    if (event !== undefined && !isEventName(event))
      throw invalidMessage('event', 'a name of one character or more, without CR, LF, NUL or a lone surrogate', event);
    if (event !== undefined && reserved.has(event) && !(this instanceof Gap || this instanceof Position))
      throw invalidMessage('event', 'another name than gap, position and end, which the library uses', event);
    if (id !== undefined && !(typeof id === 'string' && idForm.test(id)))
      throw invalidMessage('id', 'a string of 1 to 128 of A-Z a-z 0-9 . _ ~ -', id);
    if (retry !== undefined && !isRetry(retry))
      throw invalidMessage('retry', 'an integer of milliseconds, from 100 to 2147483647', retry);
    this.data = data;
    this.event = event;
    this.id = id;
    this.retry = retry;
    // One of a class of its own has its fields still to come.
    const made = this.constructor;
    if (made === Message || made === Gap || made === Position) Object.freeze(this);
  }

  static {
    madeOf = <Made>(message: Message, make: (message: Message) => Made): Made => {
      // One that no constructor has made has no private field.
      if (!(#made in message)) return make(message);
      message.#made ??= make(message);
      return message.#made as Made;
    };
  }
}

/**
 * Why something may be missing.
 *
 * - `disconnected`: a connection was lost to what keeps nothing (Redis Pub/Sub);
 * - `trimmed`, `expired`: the log does not retain that much, or that long;
 * - `unknown-epoch`: it is another log, or the log was deleted, replaced or restarted, or lost what it had acknowledged;
 * - `malformed`: no log has given out such a position;
 * - `too-far-behind`: the client did not keep up with what is retained;
 * - `unserialisable`: a message that could not be retained, as it has no JSON.
 */
export type GapReason =
  | 'disconnected'
  | 'trimmed'
  | 'expired'
  | 'unknown-epoch'
  | 'malformed'
  | 'too-far-behind'
  | 'unserialisable';

/** What a {@link Gap} tells a client. */
export interface GapData {
  readonly reason: GapReason;
  /** The log or channel that it is about, where there are several. */
  readonly log?: string | undefined;
  /** The position that could not be honoured, where there is one. */
  readonly from?: string | undefined;
}

/**
 * A notice that something may be missing: a message with the event name `gap`. It passes every strategy, and
 * `mapData` and `filterData` let it through, so that a client always learns of a hole.
 */
export class Gap extends Message<GapData> {
  declare readonly event: 'gap';

  constructor(data: GapData, id?: string) {
    super({ data, event: 'gap', id });
  }
}

/** Where a client stands that has seen nothing yet, or nothing for long: an id to come back with, and no data. */
export class Position extends Message<''> {
  constructor(id: string) {
    super({ data: '', event: 'position', id });
  }
}

/** What a strategy's or serializer's function sees of a value: the `data` of a message, or the value itself. */
export type DataOf<T> = T extends Gap ? never : T extends Message<infer Data> ? Data : T;

/** The `data` of a message, or the value itself. */
export function dataOf(value: unknown): unknown {
  return value instanceof Message ? value.data : value;
}

/** The same message with other data; a plain value becomes the data itself. */
export function withData(value: unknown, data: unknown): unknown {
  if (!(value instanceof Message)) return data;
  const { event, id, retry } = value;
  return new Message({ data, event, id, retry });
}

/** What two values became that were merged: the newer one with other data, and with the older one's id where it has none. */
export function mergedWith(held: unknown, incoming: unknown, data: unknown): unknown {
  const merged = withData(incoming, data);
  const id = held instanceof Message ? held.id : undefined;
  if (id === undefined || (merged instanceof Message && merged.id !== undefined)) return merged;
  const { event, retry } = merged instanceof Message ? merged : {};
  return new Message({ data, event, id, retry });
}

/** Whether a value is the library's own word to the client, which no strategy may drop. */
export function isNotice(value: unknown): boolean {
  return value instanceof Gap;
}

/** An event name that every client reads as it was given. */
export function isEventName(event: unknown): event is string {
  return typeof event === 'string' && event.length > 0 && !breaksField.test(event) && event.isWellFormed();
}

// Clients on Node wait with setTimeout, which turns anything longer into 1 ms.
const longestRetry = 2 ** 31 - 1;

/** A reconnection time that no client turns into a loop of requests. */
export function isRetry(retry: unknown): retry is number {
  return typeof retry === 'number' && Number.isInteger(retry) && retry >= 100 && retry <= longestRetry;
}

/** The error of a field that cannot go over the wire. */
export function invalidMessage(field: string, expected: string, received: unknown): TornadoseError {
  return new TornadoseError(
    'ERR_INVALID_MESSAGE',
    `Expected a message's \`${field}\` to be ${expected}, got ${shown(received)}`,
    { field, expected, received },
  );
}
