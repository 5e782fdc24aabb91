import { unref } from '../unref.ts';

/** What is needed of a connection that HTTP/2 goes over. */
export interface SessionSocket {
  /** Whether the other side has been sent all, the end too. */
  readonly writableFinished?: boolean;
  /** @returns the socket itself, also where it is called on a stand-in that refuses to be destroyed */
  once(event: 'close', listener: () => void): SessionSocket;
  destroy(): unknown;
}

/** What is needed of an HTTP/2 session. */
export interface SessionLike {
  /** Whether no stream is left, while its connection may still be there. */
  readonly destroyed?: boolean;
  readonly socket?: SessionSocket | undefined;
  /** How many frames wait to be written, without the data that the peer's windows hold back. */
  readonly state?: { readonly outboundQueueSize?: number };
  /** Takes no more streams, and closes when the last one is over. */
  close(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** How many ms there are between two looks. */
const pause = 500;
/** In how many looks at least one who owes us nothing but its FIN is there. */
const looksForFin = 3;
/** The same for one who has not taken all yet: it may be slow. A drain has as much patience, unless it is told otherwise. */
const looksForRest = 11;

/**
 * A session that is being closed. Node waits until all is written, of streams that were cut too, and then for the peer's FIN: a
 * peer that has vanished, or that reads nothing, would hold its server until TCP gives up.
 */
export class ClosingSession {
  readonly #session: SessionLike;
  readonly #socket: SessionSocket | undefined;
  readonly #wasCut: () => boolean;
  #looks = 0;

  /** `wasCut` tells whether a stream of ours in it was cut, as the client did not take what waited for it. */
  constructor(session: SessionLike, socket: SessionSocket | undefined, wasCut: () => boolean) {
    this.#session = session;
    this.#socket = socket;
    this.#wasCut = wasCut;
    session.close();
    if (socket === undefined) return;
    const timer = unref(setInterval(() => this.#look(), pause));
    session.once('close', () => clearInterval(timer));
  }

  #look(): void {
    this.#looks = this.#isStuck ? this.#looks + 1 : 0;
    const isLate = this.#wasCut() || this.#socket?.writableFinished === true;
    if (this.#looks >= (isLate ? looksForFin : looksForRest)) this.#socket?.destroy();
  }

  /** Whether nobody has a stream there that goes on: none is left, or not even the word that it closes can be written. */
  get #isStuck(): boolean {
    const { destroyed, state } = this.#session;
    return destroyed === true || (state?.outboundQueueSize ?? 0) > 0;
  }
}
