import { pingFrame } from '../encoding/webSocketFrame.ts';
import type { InboundLimits } from './inbound.ts';
import { type RawSocket, waitingIn, writeTo } from './internals.ts';
import { type WebSocketLike, WebSocketTransport } from './WebSocketTransport.ts';

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
    return waitingIn(this.#socket);
  }

  write(bytes: Uint8Array): boolean {
    if (!this.isOpen) return true;
    return writeTo(this.#socket, bytes, this.owner);
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
