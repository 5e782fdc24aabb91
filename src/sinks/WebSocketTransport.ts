import { pingFrame } from '../encoding/webSocketFrame.ts';
import type { TornadoseError } from '../errors.ts';
import type { Batch } from '../flow/Batch.ts';
import type { CloseReason } from '../flow/ConnectionEvent.ts';
import { clock } from '../flow/clock.ts';
import type { Refusal } from '../flow/Refusal.ts';
import { OwnedTransport } from '../flow/Transport.ts';
import { dismiss } from './dismiss.ts';
import { type Bounded, type InboundLimits, limitInbound } from './inbound.ts';
import { onceDrained, type RawSocket, socketOf } from './internals.ts';

/** What a sink needs of a socket: the `WebSocket` of ws has it. */
export interface WebSocketLike {
  readonly OPEN: number;
  readonly readyState: number;
  readonly bufferedAmount: number;
  /** Whether the application has asked for a rest: nothing that the client says is read. */
  readonly isPaused?: boolean;
  send(data: Uint8Array, options: { binary: boolean }, sent: () => void): void;
  ping(): void;
  close(code: number, reason?: string): void;
  terminate(): void;
  pause?(): void;
  on(event: 'close' | 'pong' | 'ping' | 'message', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** How each end is told (RFC 6455, section 7.4.1). */
const codes: Partial<Record<CloseReason, number>> = {
  error: 1011,
  signal: 1001,
  maxAge: 1001,
  drain: 1012,
  expired: 1008,
};
const normal = 1000;
const tryAgainLater = 1013;
/** How many ms ws may take to decompress what it has read: when a listener of the application has thrown, it reads no more for ever. */
const longestStall = 30_000;

abstract class WebSocketTransport extends OwnedTransport implements Bounded {
  readonly ws: WebSocketLike;
  readonly limits: InboundLimits;
  account: Bounded['account'];

  constructor(ws: WebSocketLike, limits: InboundLimits) {
    super();
    this.ws = ws;
    this.limits = limits;
  }

  overran(error: TornadoseError): void {
    this.owner.transportClosed(error);
  }

  override heartbeat(): boolean {
    if (!this.isOpen) return true;
    if (!this.isPaused()) return this.isAnswered();
    // Its answers are not read. It is pinged all the same, as a proxy on the way may cut what is idle.
    this.ping();
    this.expectNothing();
    return true;
  }

  /** Whether nothing that comes in is read for now. */
  protected isPaused(): boolean {
    return this.ws.isPaused === true;
  }

  /** Whether anything came since the last ping; sends the next one. */
  protected abstract isAnswered(): boolean;
  protected abstract ping(): void;
  /** What was pinged needs no answer. */
  protected abstract expectNothing(): void;

  listen(): void {
    const { owner } = this;
    const closed = (error?: unknown): void => owner.transportClosed(error);
    this.ws.on('close', () => owner.transportClosed());
    // ws closes the socket itself after an error, which would be an uncaught exception if nobody listened.
    this.ws.on('error', closed);
    limitInbound(this);
  }

  /** The upgrade was answered already, so all that is left is a code that means: try again later. */
  refuse({ retryAfter }: Refusal): void {
    dismiss(this.ws, tryAgainLater, String(retryAfter * 1000));
  }

  end(reason: CloseReason, retry?: number): void {
    if (retry === undefined) this.ws.close(codes[reason] ?? normal);
    else this.ws.close(codes.drain ?? normal, String(retry));
  }

  destroy(): void {
    // `close` would wait for an answer, up to 30 s, from a client that does not read.
    this.ws.terminate();
  }

  /** Nothing may follow a close frame, and what ws is given then it counts as buffered for ever. */
  protected get isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }
}

/** The way to a client over ready frames, straight to the connection. */
export class FramedTransport extends WebSocketTransport {
  readonly #socket: RawSocket;
  /** Where the connection stood when the last ping went out. */
  #ping: { readonly received: number; readonly through: number; left: number } | undefined;

  constructor(ws: WebSocketLike, limits: InboundLimits, socket: RawSocket) {
    super(ws, limits);
    this.#socket = socket;
  }

  get waiting(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.isOpen) return true;
    const took = this.#socket.write(bytes);
    if (!took) onceDrained(this.#socket, this.owner);
    return took;
  }

  protected isAnswered(): boolean {
    const { bytesRead, bytesWritten } = this.#socket;
    const left = bytesWritten - this.waiting;
    const ping = this.#ping;
    // Anything that came in shows that somebody is there, a pong as well as a message.
    if (ping !== undefined && bytesRead === ping.received) {
      // A ping behind what a slow client has still to take cannot be answered yet, as long as it takes something.
      if (left >= ping.through || left === ping.left) return false;
      ping.left = left;
      return true;
    }
    this.ping();
    this.#ping = { received: bytesRead, through: bytesWritten + pingFrame.length, left };
    return true;
  }

  protected ping(): void {
    this.write(pingFrame);
  }

  protected expectNothing(): void {
    this.#ping = undefined;
  }
}

/** The way to a client over `ws.send`, for sockets that compress: a message at a time. */
export class MessageTransport extends WebSocketTransport {
  /** What it compresses. */
  override get copies(): boolean {
    return true;
  }

  readonly #socket: RawSocket | undefined;
  #unsent = 0;
  #awaitsDrain = false;
  #awaitsPong = false;
  /** Where the connection stood when the last ping went out. */
  #received: number | undefined;
  #left = 0;
  /** Since when ws has read nothing more. */
  #stalled: { readonly received: number; readonly since: number } | undefined;

  constructor(ws: WebSocketLike, limits: InboundLimits) {
    super(ws, limits);
    this.#socket = socketOf(ws);
  }

  get waiting(): number {
    return this.ws.bufferedAmount;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.isOpen) return true;
    this.#unsent += 1;
    this.ws.send(bytes, { binary: false }, () => this.#sent());
    // ws counts what waits for its compression as well; more of it is only taken when the last one is through.
    this.#awaitsDrain = this.waiting > 0;
    return !this.#awaitsDrain;
  }

  override writeBatch(batch: Batch): boolean {
    let took = true;
    for (const frame of batch.frames()) took = this.write(frame);
    return took;
  }

  override listen(): void {
    super.listen();
    this.ws.on('pong', () => {
      this.#awaitsPong = false;
    });
  }

  protected isAnswered(): boolean {
    const left = this.waiting;
    const received = this.#socket?.bytesRead;
    // Its pong may be behind a long message, of which more and more comes.
    if (received !== this.#received) this.#awaitsPong = false;
    if (this.#awaitsPong && (left === 0 || left >= this.#left)) return false;
    if (!this.#awaitsPong) this.ping();
    this.#awaitsPong = true;
    this.#received = received;
    this.#left = left;
    return true;
  }

  /** By ws as well, which may have more to decompress than it takes. */
  protected override isPaused(): boolean {
    if (super.isPaused()) return true;
    const socket = this.#socket;
    if (socket?.isPaused() !== true) return false;
    const { bytesRead } = socket;
    if (this.#stalled?.received !== bytesRead) this.#stalled = { received: bytesRead, since: clock() };
    return clock() - this.#stalled.since < longestStall;
  }

  protected ping(): void {
    this.ws.ping();
  }

  protected expectNothing(): void {
    this.#awaitsPong = false;
  }

  #sent(): void {
    this.#unsent -= 1;
    if (this.#unsent > 0 || !this.#awaitsDrain) return;
    this.#awaitsDrain = false;
    this.owner.transportDrained();
  }
}
