import type { Socket } from 'node:net';
import type { CloseReason, ConnectionEvent } from 'tornadose';
import { now } from '../support/marks.ts';

/** What the server saw of one client. Times in µs, sizes in bytes. */
export interface ClientReport {
  readonly client: number;
  /** The number of the first event that it is to get. */
  readonly joinedAt: number;
  readonly reason: CloseReason | undefined;
  /** The code of the error that it was closed with. */
  readonly code: string | undefined;
  readonly closedAt: number | undefined;
  /** When its connection was gone. */
  readonly goneAt: number | undefined;
  /** When one event more was above its limit. */
  readonly limitAt: number | undefined;
  /** The most that waited: what was published, but for what the system has taken. */
  readonly peakPending: number;
  /** What the process went on to give it, in bytes. */
  readonly givenAfterClose: number;
  readonly dropped: number;
}

/** How far a publisher has come: the number of the next event, and the bytes of all before it. */
export interface Progress {
  readonly seq: number;
  readonly bytes: number;
}

/** The way to a client. */
export interface Way {
  /** How many bytes the system has taken from the process. */
  readonly taken: number;
  /** How many Node still holds. */
  readonly held: number;
  /** How many bytes the frame of an event has. */
  readonly framing: number;
}

export const eventStreamFraming: number = 'data: \n\n'.length;
/** With a header of four bytes, as events of 126 bytes and more have. */
export const webSocketFraming: number = '{"data":""}'.length + 4;

/** The way over HTTP/1.1 and WebSocket. */
export function socketWay(socket: Socket, framing: number): Way {
  return {
    framing,
    get taken() {
      return socket.bytesWritten - this.held;
    },
    get held() {
      return Math.max(socket.writableLength, queuedBelow(socket));
    },
  };
}

/** What the system has not taken of what Node's handle was given, which may be without the stream above it. */
const queuedBelow = (socket: Socket): number =>
  (socket as { _handle?: { readonly writeQueueSize: number } | null })._handle?.writeQueueSize ?? 0;

const nowhere: Way = { taken: 0, held: 0, framing: 0 };

/** The server's own record of a client, made from what Node says, without asking the library. */
export class ClientRecord {
  readonly client: number;
  readonly stalls: boolean;
  readonly #from: Progress;
  #way: Way;
  #takenAtOpen = 0;
  #givenAtClose = 0;
  #isClosed = false;
  #report: { -readonly [Name in keyof ClientReport]: ClientReport[Name] };

  /** @param from what was published before it came */
  constructor(client: number, stalls: boolean, from: Progress, way: Way) {
    this.client = client;
    this.stalls = stalls;
    this.#from = from;
    this.#way = way;
    const none = undefined;
    this.#report = {
      ...{ client, joinedAt: from.seq, reason: none, code: none, closedAt: none, goneAt: none, limitAt: none },
      ...{ peakPending: 0, givenAfterClose: 0, dropped: 0 },
    };
  }

  get report(): ClientReport {
    return this.#report;
  }

  get held(): number {
    return this.#way.held;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get #given(): number {
    return this.#way.taken + this.#way.held;
  }

  readonly observe = (event: ConnectionEvent): void => {
    if (event.type === 'open') this.#takenAtOpen = this.#given;
    if (event.type === 'drop') this.#report.dropped += event.count;
    if (event.type !== 'close') return;
    this.#isClosed = true;
    this.#givenAtClose = this.#given;
    const at = now();
    this.#report.limitAt ??= at;
    this.#report.closedAt = at;
    this.#report.reason = event.reason;
    this.#report.code = (event.error as { code?: string } | undefined)?.code;
  };

  gone(): void {
    this.#report.goneAt = now();
    if (this.#isClosed) this.#report.givenAfterClose = Math.max(0, this.#given - this.#givenAtClose);
    // A record must not keep what it records.
    this.#way = nowhere;
  }

  /** To be called after each event; `event` is its size without its frame. */
  published({ seq, bytes }: Progress, event: number, limit: number): void {
    if (this.#isClosed) return;
    const { framing } = this.#way;
    const emitted = bytes - this.#from.bytes + (seq - this.#from.seq) * framing;
    const pending = emitted - (this.#way.taken - this.#takenAtOpen);
    this.#report.peakPending = Math.max(this.#report.peakPending, pending);
    if (pending + event + framing > limit) this.#report.limitAt ??= now();
  }
}
