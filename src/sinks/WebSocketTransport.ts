import type { TornadoseError } from '../errors.ts';
import type { CloseReason } from '../flow/ConnectionEvent.ts';
import type { Refusal } from '../flow/Refusal.ts';
import { OwnedTransport } from '../flow/Transport.ts';
import { dismiss } from './dismiss.ts';
import { type Bounded, type InboundLimits, limitInbound } from './inbound.ts';

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

/** What both ways to a WebSocket have in common. */
export abstract class WebSocketTransport extends OwnedTransport implements Bounded {
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
