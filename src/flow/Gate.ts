import { checkNames, integer, invalidOption, milliseconds } from '../options.ts';
import { type Admitted, Draining, type DrainReport, outside } from './Draining.ts';
import { draining, type Refusal, tooMany } from './Refusal.ts';
import { type SessionServer, Sessions } from './Sessions.ts';

/** How many connections a {@link Gate} lets in. */
export interface GateOptions {
  /** In all. @defaultValue 50 000 */
  readonly maxConnections?: number | undefined;
  /** For each `key` that sinks are given: a user, an address. @defaultValue 100 */
  readonly maxPerKey?: number | undefined;
  /** Event streams over each HTTP/2 session. @defaultValue 100 */
  readonly maxPerSession?: number | undefined;
}

/** How to {@link drain}. */
export interface DrainOptions {
  /** Over how many ms the connections are ended, in slices; 0 for all at once. @defaultValue 5 000 */
  readonly over?: number | undefined;
  /** How many ms later those are cut that have not taken what waits for them. @defaultValue 5 000 */
  readonly timeout?: number | undefined;
}

/** For whom somebody comes. */
interface Origin {
  readonly key?: string | undefined;
  readonly session?: object | undefined;
}

/** After how many seconds those may come back who were turned away, at least; at most twice as many. */
const comeBack = 5;

/**
 * Where connections are let in, counted, and ended together: caps in all, for each key, and for each HTTP/2 session. Whoever
 * is too many is turned away with 503 or 429 and `Retry-After`, over WebSocket with 1013; nobody who is in is ever put out to
 * make room, as they would come back at once.
 *
 * All sinks go through {@link gate}, unless they are given one of their own:
 *
 * ```ts
 * const admins = new Gate({ maxConnections: 100 });
 * void log.pipe(toEventSource(res, { gate: admins, key: user.id }));
 * ```
 *
 * @throws TornadoseError `ERR_INVALID_OPTION`, also when one of the caps is set to no positive integer
 */
export class Gate {
  #maxConnections = 50_000;
  #maxPerKey = 100;
  #maxPerSession = 100;
  readonly #inside: Admitted[] = [];
  readonly #perKey = new Map<string, number>();
  readonly #sessions = new Sessions();
  #draining: Draining | undefined;

  constructor(options: GateOptions = {}) {
    checkNames('Gate', options, ['maxConnections', 'maxPerKey', 'maxPerSession']);
    const { maxConnections, maxPerKey, maxPerSession } = options;
    this.#maxConnections = integer('maxConnections', maxConnections, this.#maxConnections);
    this.#maxPerKey = integer('maxPerKey', maxPerKey, this.#maxPerKey);
    this.#maxPerSession = integer('maxPerSession', maxPerSession, this.#maxPerSession);
  }

  /** How many connections there may be in all. Who is in stays in when it is lowered. */
  get maxConnections(): number {
    return this.#maxConnections;
  }

  set maxConnections(most: number) {
    this.#maxConnections = integer('maxConnections', most, this.#maxConnections);
  }

  /** How many there may be for each key. */
  get maxPerKey(): number {
    return this.#maxPerKey;
  }

  set maxPerKey(most: number) {
    this.#maxPerKey = integer('maxPerKey', most, this.#maxPerKey);
  }

  /** How many event streams there may be over each HTTP/2 session. */
  get maxPerSession(): number {
    return this.#maxPerSession;
  }

  set maxPerSession(most: number) {
    this.#maxPerSession = integer('maxPerSession', most, this.#maxPerSession);
  }

  /** How many connections there are. */
  get size(): number {
    return this.#inside.length;
  }

  /**
   * How many there are for a key.
   *
   * ```ts
   * console.log(`${user.name} has ${gate.sizeOf(user.id)} streams open, of ${gate.maxPerKey}`);
   * ```
   */
  sizeOf(key: string): number {
    return this.#perKey.get(key) ?? 0;
  }

  /** Whether it is being drained, or was: nobody is let in. */
  get isDraining(): boolean {
    return this.#draining !== undefined;
  }

  /**
   * Why somebody would be turned away now, or `undefined`: a look before the work that a connection takes.
   *
   * ```ts
   * const refusal = gate.check({ key: user.id, session: req.stream?.session }); // the latter over HTTP/2
   * if (refusal !== undefined) res.writeHead(refusal.status, { 'retry-after': refusal.retryAfter }).end();
   * ```
   *
   * @throws TornadoseError `ERR_INVALID_OPTION`
   */
  check(
    origin: { readonly key?: string | undefined; readonly session?: object | undefined } = {},
  ): Refusal | undefined {
    checkNames('check', origin, ['key', 'session']);
    checkKey(origin.key);
    return this.#refusalOf(origin);
  }

  #refusalOf({ key, session }: Origin): Refusal | undefined {
    if (this.#draining !== undefined) {
      // This process will not be there any more. What comes back then meets the next one.
      return draining(Math.ceil(this.#draining.backIn(Math.random()) / 1000));
    }
    if (this.size >= this.maxConnections) return tooMany('maxConnections', this.maxConnections, later());
    if (key !== undefined && this.sizeOf(key) >= this.maxPerKey) return tooMany('maxPerKey', this.maxPerKey, later());
    if (session !== undefined && this.#sessions.countOf(session) >= this.maxPerSession)
      return tooMany('maxPerSession', this.maxPerSession, later());
    return undefined;
  }

  /**
   * Ends all connections, for a deploy: new ones get 503 and `Retry-After`, those that are open end in slices over `over` ms,
   * each after its last whole event. SSE clients are told a `retry` of their own, with which they come back after the drain is
   * over, spread evenly over as long again; WebSockets are closed with 1012, and the ms as the reason. HTTP/2 sessions are
   * closed too, when their last stream is.
   *
   * ```ts
   * process.on('SIGTERM', async () => {
   *   server.close(); // takes no more connections, and is done when the last one is gone
   *   await drain({ over: 10_000 });
   * });
   * ```
   *
   * Asked again, it can only be hastened: `drain({ over: 0 })` ends at once who has not been told yet, and `drain({ timeout: 0 })`
   * cuts who does not go. What is not given, or longer than what is left, changes nothing.
   *
   * @returns a promise, fulfilled when all are gone; the same one when it is asked again
   * @throws TornadoseError `ERR_INVALID_OPTION`
   */
  drain(options: DrainOptions = {}): Promise<DrainReport> {
    checkNames('drain', options, ['over', 'timeout']);
    const over = options.over === 0 ? 0 : milliseconds('over', options.over, undefined);
    const timeout = options.timeout === 0 ? 0 : milliseconds('timeout', options.timeout, undefined);
    if (this.#draining !== undefined) {
      this.#draining.hasten(over, timeout);
      return this.#draining.done;
    }
    const drained = new Draining([...this.#inside], over ?? 5_000, timeout ?? 5_000);
    void drained.done.then(() => drained === this.#draining && this.#sessions.close());
    this.#draining = drained;
    drained.start();
    return drained.done;
  }

  /**
   * Lets connections in again: a deploy was called off, or the next test begins. Who has not been told to go yet stays.
   *
   * ```ts
   * afterEach(async () => {
   *   await drain({ over: 0, timeout: 0 }); // what the test has left open
   *   gate.reopen();
   * });
   * ```
   */
  reopen(): void {
    this.#draining?.stop();
    this.#draining = undefined;
    this.#sessions.reopen();
  }

  /**
   * Has a drain close what is idle of a server as well, for which `server.close()` would wait: HTTP/2 sessions that have none
   * of our streams, and, within a second, the kept-alive HTTP/1.1 connections of web responses. Streams of `toEventSource` over
   * HTTP/1.1 need none of this.
   *
   * ```ts
   * gate.watch(server); // before it listens
   * ```
   */
  watch(server: SessionServer): void {
    if (typeof server?.on !== 'function') throw invalidOption('server', 'a server of node:http or node:http2', server);
    this.#sessions.watch(server);
  }

  /** Lets a connection in, or says why not. @internal */
  enter(connection: Admitted, origin: Origin): Refusal | undefined {
    const refusal = this.#refusalOf(origin);
    if (refusal !== undefined) return refusal;
    connection.seat = this.#inside.push(connection) - 1;
    const { key, session } = origin;
    if (key !== undefined) this.#perKey.set(key, this.sizeOf(key) + 1);
    if (session !== undefined) this.#sessions.enter(session);
    return undefined;
  }

  /** It is gone; `wasCut` says that what waited for it was not taken. @internal */
  leave(connection: Admitted, { key, session }: Origin, wasCut = false): void {
    const { seat } = connection;
    if (seat === outside) return;
    connection.seat = outside;
    const last = this.#inside.pop() as Admitted;
    if (last !== connection) {
      this.#inside[seat] = last;
      last.seat = seat;
    }
    if (key !== undefined) {
      const left = this.sizeOf(key) - 1;
      if (left > 0) this.#perKey.set(key, left);
      else this.#perKey.delete(key);
    }
    if (session !== undefined) this.#sessions.leave(session, wasCut);
    this.#draining?.left(this.size);
  }
}

/** Refuses a key that is no text, or an empty one: it would be one key for all who have none. */
export function checkKey(key: unknown): void {
  if (key !== undefined && (typeof key !== 'string' || key === '')) throw invalidOption('key', 'a text', key);
}

/** Refuses what is no gate. */
export function checkGate(gate: unknown): void {
  if (!(gate instanceof Gate)) throw invalidOption('gate', 'a Gate', gate);
}

const later = (): number => comeBack + Math.floor(Math.random() * (comeBack + 1));

/**
 * The gate of this process, through which all sinks go that are not given another one.
 *
 * ```ts
 * gate.maxConnections = 20_000;
 * gate.maxPerKey = 10;
 *
 * void orders.pipe(toEventSource(res, { key: user.id })); // the eleventh of a user is answered 429
 * ```
 */
export const gate: Gate = new Gate();

/** Drains {@link gate}. See {@link Gate.drain}. */
export const drain = (options?: DrainOptions): Promise<DrainReport> => gate.drain(options);
