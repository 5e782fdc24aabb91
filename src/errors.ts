/**
 * What each error code knows, by field. The codes are a closed set: every one has a heading in `docs/errors.md`, and a
 * program that switches over `error.code` is told by the compiler when it forgot one.
 */
export interface ErrorFacts {
  /** An option is wrong. Thrown where the option was given. */
  ERR_INVALID_OPTION: { readonly option: string; readonly expected: string; readonly received: unknown };
  /** A field of a `Message` cannot go over the wire. Thrown by the constructor. */
  ERR_INVALID_MESSAGE: { readonly field: string; readonly expected: string; readonly received: unknown };
  /** A value has no text: undefined, a function, a BigInt, a cycle, a `toJSON` that throws, a lone surrogate. */
  ERR_UNSERIALISABLE: { readonly received: unknown };
  /** A client could not take what came, and its strategy says that this ends it. Units: bytes and events. */
  ERR_OVERFLOW: { readonly limit: number; readonly unit: 'bytes' | 'events'; readonly waiting: number };
  /** More waited for all clients together than `budget.maxBytes`, and this was one of the worst. Unit: bytes. */
  ERR_BUDGET: { readonly limit: number; readonly waiting: number };
  /** The response or socket cannot be written to: it has ended, has started, is closed, or answers HEAD. */
  ERR_REFUSED: { readonly state: 'ended' | 'destroyed' | 'started' | 'closed' | 'head' };
  /** There are as many connections as the gate lets in. `retryAfter` in seconds. */
  ERR_LIMIT: { readonly limit: string; readonly most: number; readonly retryAfter: number };
  /** The server is being drained, and lets nobody in. `retryAfter` in seconds. */
  ERR_DRAINING: { readonly retryAfter: number };
  /** A WebSocket is to be opened from a page of another origin. */
  ERR_ORIGIN: { readonly origin: string };
  /** A client has sent more messages in a second than it may. */
  ERR_INBOUND: { readonly limit: number };
  /** `next` was called from within its own delivery, over and over. */
  ERR_REENTRANT: { readonly limit: number };
  /** The store was closed, or has completed or failed: it takes nothing more. */
  ERR_STORE_CLOSED: { readonly store: string };
  /** Redis was not reachable within the deadline: the value was *not* sent. `waited` in ms. */
  ERR_REDIS_DOWN: { readonly status: string; readonly waited: number };
  /** Too much is on its way to Redis: the value was *not* sent. `pending` in values, `bytes` in bytes. */
  ERR_REDIS_BUSY: { readonly pending: number; readonly bytes: number };
  /** Redis did not answer within the deadline: whether the value was published is *unknown*. `waited` in ms. */
  ERR_REDIS_TIMEOUT: { readonly waited: number };
  /** Redis answered with an error of its own (`NOPERM`, `READONLY`, …), which is the `cause`. */
  ERR_REDIS_REPLY: { readonly command: string };
  /** A payload that came in cannot be read by the store's codec. */
  ERR_UNREADABLE: { readonly channel: string; readonly bytes: number };
  /** A payload, in or out, is larger than `maxMessageBytes`. */
  ERR_TOO_LARGE: { readonly bytes: number; readonly limit: number };
}

/** The closed union of all codes: `'ERR_INVALID_OPTION' | 'ERR_OVERFLOW' | …`. */
export type ErrorCode = keyof ErrorFacts;

/**
 * The one error class of this library: a `code` that says which error it is, and its facts as fields.
 *
 * ```ts
 * store.submit('hello').catch((error) => {
 *   if (TornadoseError.is(error, 'ERR_REDIS_BUSY')) console.log(error.pending, 'are on their way already');
 * });
 * ```
 */
export class TornadoseError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'TornadoseError';
  readonly code: Code;

  constructor(code: Code, message: string, facts: ErrorFacts[Code], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    Object.assign(this, facts);
  }

  /** Whether `error` is a `TornadoseError`, of the `code` if one is given; its facts are then typed. */
  static is<Code extends ErrorCode>(error: unknown, code?: Code): error is TornadoseError<Code> & ErrorFacts[Code] {
    return error instanceof TornadoseError && (code === undefined || error.code === code);
  }
}

/** How a value is shown in an error: "`-1` (number)", "an object (`Map`)". Long ones are cut: an error stays a line. */
export function shown(value: unknown): string {
  try {
    if (value === null) return '`null`';
    if (typeof value === 'object') return shownObject(value);
    const text = shownPrimitive(value);
    return `\`${text.length > 60 ? `${text.slice(0, 60)}…` : text}\` (${typeof value})`;
  } catch {
    // A revoked proxy, or a getter that throws: an error about a value must not fail over the value.
    return 'something that cannot be looked at';
  }
}

function shownObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = value.constructor?.name;
  return name ? `an object (\`${name}\`)` : 'an object';
}

function shownPrimitive(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return value.name || 'anonymous';
  return typeof value === 'bigint' ? `${value}n` : String(value);
}
