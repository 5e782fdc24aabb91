import { unref } from '../unref.ts';

/** What is needed of an HTTP/2 session. */
interface SessionLike {
  /** Takes no more streams, and closes when the last one is over. */
  close(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** What is needed of a server of `node:http`, `node:https` or `node:http2`. */
export interface SessionServer {
  on(event: string, listener: (session: SessionLike) => void): unknown;
  /** Closes the HTTP/1.1 connections that have no request. */
  closeIdleConnections?(): void;
}

/** How many ms there are between two looks for idle connections. */
const pause = 50;
/** How many looks there are: a web response that was read is written, and its connection idle, some turns later. */
const looks = 20;

/** The HTTP/2 sessions that are known, how many event streams each has, and the servers that are watched. */
export class Sessions {
  readonly #counts = new WeakMap<object, number>();
  readonly #open = new Set<SessionLike>();
  readonly #servers = new Set<SessionServer>();
  #closing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  countOf(session: object): number {
    return this.#counts.get(session) ?? 0;
  }

  /** What is open of a server is to be closed with the others. */
  watch(server: SessionServer): void {
    this.#servers.add(server);
    server.on('session', (session) => this.add(session));
    server.on('listening', () => this.#servers.add(server));
    server.on('close', () => this.#servers.delete(server));
  }

  /** A session is to be closed with the others. */
  add(session: SessionLike): void {
    if (this.#open.has(session)) return;
    if (this.#closing) session.close();
    this.#open.add(session);
    session.once('close', () => this.#open.delete(session));
  }

  /** One stream more. */
  enter(session: object): void {
    this.#counts.set(session, this.countOf(session) + 1);
    this.add(session as SessionLike);
  }

  /** One stream less. */
  leave(session: object): void {
    this.#counts.set(session, this.countOf(session) - 1);
  }

  /** Closes all that are open, and those that come: their last streams, of others too, may end. Idle connections too. */
  close(): void {
    this.#closing = true;
    for (const session of this.#open) session.close();
    this.#closeIdle(looks);
  }

  /** Lets those be that come from now on. */
  reopen(): void {
    this.#closing = false;
    clearTimeout(this.#timer);
  }

  #closeIdle(left: number): void {
    for (const server of this.#servers) server.closeIdleConnections?.();
    clearTimeout(this.#timer);
    if (left === 0 || this.#servers.size === 0) return;
    // A process that has nothing else to do may exit.
    this.#timer = unref(setTimeout(() => this.#closeIdle(left - 1), left === looks ? 0 : pause));
  }
}
