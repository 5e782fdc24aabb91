import { unref } from '../unref.ts';
import { ClosingSession, type SessionLike, type SessionSocket } from './ClosingSession.ts';

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
  /** The connection of each: a session that is destroyed does not tell it any more. */
  readonly #open = new Map<SessionLike, SessionSocket | undefined>();
  /** Those in which one of our streams was cut. */
  readonly #cut = new WeakSet<object>();
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
    // Of another runtime it may be anything that tells streams apart.
    if (typeof session.once !== 'function' || typeof session.close !== 'function') return;
    if (this.#open.has(session) || session.destroyed) return;
    this.#open.set(
      session,
      session.socket?.once('close', () => {}),
    );
    session.once('close', () => this.#open.delete(session));
    if (this.#closing) this.#close(session);
  }

  /** One stream more. */
  enter(session: object): void {
    this.#counts.set(session, this.countOf(session) + 1);
    this.add(session as SessionLike);
  }

  /** One stream less. `wasCut` says that it was not told its end. */
  leave(session: object, wasCut: boolean): void {
    this.#counts.set(session, this.countOf(session) - 1);
    if (wasCut) this.#cut.add(session);
  }

  /** Closes all that are open, and those that come: their last streams, of others too, may end. Idle connections too. */
  close(): void {
    this.#closing = true;
    for (const session of this.#open.keys()) this.#close(session);
    this.#closeIdle(looks);
  }

  /** Lets those be that come from now on. */
  reopen(): void {
    this.#closing = false;
    clearTimeout(this.#timer);
  }

  #close(session: SessionLike): void {
    new ClosingSession(session, this.#open.get(session), () => this.#cut.has(session));
  }

  #closeIdle(left: number): void {
    for (const server of this.#servers) server.closeIdleConnections?.();
    clearTimeout(this.#timer);
    if (left === 0 || this.#servers.size === 0) return;
    // A process that has nothing else to do may exit.
    this.#timer = unref(setTimeout(() => this.#closeIdle(left - 1), left === looks ? 0 : pause));
  }
}
