import type { Batch } from '../flow/Batch.ts';
import type { CloseReason } from '../flow/ConnectionEvent.ts';
import type { Refusal } from '../flow/Refusal.ts';
import { OwnedTransport } from '../flow/Transport.ts';
import { type EventStreamAnswer, retryField } from './eventStreamFormat.ts';
import { type HeaderRecord, refusalHeaders, refusalText, withoutConnection } from './eventStreamHeaders.ts';
import {
  breakOff,
  chunkedSocketOf,
  closeConnectionAfter,
  closeListener,
  forgetHeaders,
  hasNoHeaders,
  type RawSocket,
  resetAfter,
  waitingIn,
  writeTo,
} from './internals.ts';
import { type ConnectionLike, onceConnectionCloses } from './pipelined.ts';

/** What a sink needs of a response: the `ServerResponse` of `node:http` and the `Http2ServerResponse` have it. */
export interface ResponseLike {
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly writableLength: number;
  readonly destroyed?: boolean;
  readonly req?: { readonly method?: string | undefined; readonly socket?: ConnectionLike | null };
  readonly socket?: ConnectionLike | null;
  /** On HTTP/2 only. */
  readonly stream?: { readonly destroyed: boolean; readonly session?: object | undefined; close(code?: number): void };
  getHeaderNames?(): readonly string[];
  setHeader(name: string, value: string | number | readonly string[]): unknown;
  removeHeader(name: string): void;
  writeHead(status: number, headers?: HeaderRecord): unknown;
  flushHeaders?(): void;
  write(bytes: Uint8Array | string): boolean;
  /** Of middleware that compresses, and keeps what is written until it is told. */
  flush?(): unknown;
  end(text: string): unknown;
  end(): unknown;
  destroy(): unknown;
  on(event: 'close' | 'drain' | 'finish', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

// RFC 9113, section 7.
const internalError = 2;
const cancel = 8;

/** The way to a client over HTTP/1.0, HTTP/1.1 or HTTP/2. */
export class HttpTransport extends OwnedTransport {
  readonly #res: ResponseLike;
  /** Where ready chunks can go straight to the socket. */
  #socket: RawSocket | undefined;
  readonly #answer: EventStreamAnswer;
  #opened = false;
  /** What middleware that compresses took last, until it drains. `undefined` until a write has answered `false`. */
  #kept: number | undefined;

  constructor(res: ResponseLike, answer: EventStreamAnswer) {
    super();
    // A stream that is over does not know it any more.
    this.session = res.stream?.session;
    this.#res = res;
    this.#answer = answer;
  }

  override open(): void {
    this.#opened = true;
    sendHead(this.#res, this.#answer);
    this.#res.flushHeaders?.();
    if (this.#answer.prelude !== '') this.#res.write(this.#answer.prelude);
    this.#res.flush?.();
    this.#socket = chunkedSocketOf(this.#res);
    if (this.#socket !== undefined) forgetHeaders(this.#res);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#res.writableEnded || this.#res.destroyed) return true;
    const took = this.#res.write(bytes);
    this.#res.flush?.();
    if (took) return true;
    // For good: middleware that compresses has a `drain` of its own, which cannot be taken back.
    if (this.#kept === undefined) this.#res.on('drain', () => this.#drained());
    // What it has yet to compress is in no length of the response.
    this.#kept = this.#res.flush === undefined ? 0 : bytes.length;
    return false;
  }

  override writeBatch(batch: Batch): boolean {
    if (this.#socket === undefined) return this.write(batch.bytes);
    // Somebody else may have ended the response: what is written to its socket then would be in the next one.
    if (this.#res.writableEnded) return true;
    if (!this.#socket.writable) {
      // The client has closed its side, and Node ends ours behind what waits: a write would be an error of the connection.
      this.owner.transportLeft();
      return true;
    }
    return writeTo(this.#socket, batch.chunk, this.owner);
  }

  get waiting(): number {
    return this.#socket === undefined ? this.#res.writableLength + (this.#kept ?? 0) : waitingIn(this.#socket);
  }

  listen(): void {
    const { owner } = this;
    const closed = closeListener(this.#res, owner);
    // The response's, as the request's comes once its body was read, when the client is still there.
    this.#res.on('close', closed);
    // A write that meets the end of the connection would be an uncaught exception otherwise.
    this.#res.on('error', closed);
    // Node tells only the response whose turn it is, not the pipelined ones that wait behind it.
    const connection = this.#res.req?.socket;
    if (this.#res.stream !== undefined || this.#res.socket || !connection) return;
    this.#res.on(
      'close',
      onceConnectionCloses(connection, () => owner.transportClosed()),
    );
  }

  refuse({ status, retryAfter, error }: Refusal): void {
    const res = this.#res;
    if (res.headersSent || res.writableEnded) return;
    setHeaders(res, { ...this.#answer.given, ...refusalHeaders(retryAfter) });
    // The next request had better go to another server.
    if (res.stream === undefined && error.code === 'ERR_DRAINING') res.setHeader('connection', 'close');
    res.writeHead(status);
    if (res.req?.method === 'HEAD') res.end();
    else res.end(refusalText(status));
  }

  end(reason: CloseReason, retry?: number): void {
    const res = this.#res;
    if (!this.#opened) {
      if (res.headersSent || res.writableEnded) return;
      setHeaders(res, this.#answer.given);
      res.writeHead(reason === 'error' ? 500 : 204);
      res.end();
    } else if (reason === 'complete') {
      res.end(this.#answer.farewell);
    } else if (reason === 'error') {
      this.#break();
    } else if (retry !== undefined) {
      // Kept alive for what may come, it would keep a server from closing.
      if (res.stream === undefined) closeConnectionAfter(res);
      res.end(retryField(retry));
    } else {
      res.end();
    }
  }

  destroy(): void {
    if (this.#res.stream === undefined) this.#res.destroy();
    else this.#res.stream.close(cancel);
  }

  #drained(): void {
    this.#kept = 0;
    this.owner.transportDrained();
  }

  /** Ends in a way that a reader of the body can tell from a complete one, after what was written. */
  #break(): void {
    // Its turn may have come since it was opened.
    const socket = this.#socket ?? chunkedSocketOf(this.#res);
    if (this.#res.stream !== undefined) resetAfter(this.#res, this.#res.stream, internalError);
    else if (socket?.destroySoon !== undefined) socket.destroySoon();
    else breakOff(this.#res);
  }
}

/** Headers at once, whenever the first event comes: the page's `open` event waits for them. */
export function sendHead(res: ResponseLike, { headers, status }: EventStreamAnswer): void {
  if (hasNoHeaders(res)) {
    // Node keeps no copy of headers that come with `writeHead` alone: half a kilobyte less for each client.
    res.writeHead(status, sendable(res, headers));
    return;
  }
  setHeaders(res, headers);
  res.writeHead(status);
}

function setHeaders(res: ResponseLike, headers: HeaderRecord): void {
  // Of what the application or its middleware has set for another answer.
  for (const name of ['content-length', 'trailer']) res.removeHeader(name);
  for (const [name, value] of Object.entries(sendable(res, headers))) res.setHeader(name, value);
}

const sendable = ({ stream }: ResponseLike, headers: HeaderRecord): HeaderRecord =>
  stream === undefined ? headers : withoutConnection(headers);
