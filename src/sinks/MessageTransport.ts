import type { Batch } from '../flow/Batch.ts';
import { clock } from '../flow/clock.ts';
import type { InboundLimits } from './inbound.ts';
import { type RawSocket, socketOf } from './internals.ts';
import { type WebSocketLike, WebSocketTransport } from './WebSocketTransport.ts';

/** How many ms ws may take to decompress what it has read: when a listener of the application has thrown, it reads no more for ever. */
const longestStall = 30_000;

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
