/** What is needed of an HTTP/2 session. */
interface SessionLike {
  /** Takes no more streams, and closes when the last one is over. */
  close(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** What is needed of a server of `node:http2`. */
export interface SessionServer {
  on(event: 'session', listener: (session: SessionLike) => void): unknown;
}

/** The HTTP/2 sessions that are known, and how many event streams each has. */
export class Sessions {
  readonly #counts = new WeakMap<object, number>();
  readonly #open = new Set<SessionLike>();
  #closing = false;

  countOf(session: object): number {
    return this.#counts.get(session) ?? 0;
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

  /** Closes all that are open, and those that come: their last streams, of others too, may end. */
  close(): void {
    this.#closing = true;
    for (const session of this.#open) session.close();
  }

  /** Lets those be that come from now on. */
  reopen(): void {
    this.#closing = false;
  }
}
