import type { Batch } from './Batch.ts';
import type { CloseReason } from './ConnectionEvent.ts';
import type { Refusal } from './Refusal.ts';

/**
 * The way to one client: what a sink is made of, beside an encoder.
 *
 * ```ts
 * const toFile = (stream: Writable): Transport => ({
 *   write: (bytes) => stream.write(bytes),
 *   get waiting() { return stream.writableLength; },
 *   onDrain: (resume) => stream.on('drain', resume),
 *   onClose: (closed) => stream.on('error', closed).on('close', () => closed()),
 *   end: () => stream.end(),
 *   destroy: () => stream.destroy(),
 * });
 * ```
 */
export interface Transport {
  /**
   * Called once, before the first `write`, as soon as the source is subscribed: the time for headers. Not called when
   * the source completed or failed at once with nothing emitted; `end` is then the first call.
   */
  open?(): void;
  /** Takes bytes, which are shared with other clients and must not be changed; `false` asks to wait for the drain. */
  write(bytes: Uint8Array): boolean;
  /** How many bytes were taken and have not left the process. 0 after a `write` that answered `false` means: go on. */
  readonly waiting: number;
  /** Registers the function to call when more can be taken after a `false`. Called once. */
  onDrain(resume: () => void): unknown;
  /**
   * Registers the function to call when the way is closed, by whomever, with the error if there was one; at once when it
   * is closed already. Called once.
   */
  onClose(closed: (error?: unknown) => void): unknown;
  /**
   * Sends a sign of life, and tells whether the other side gave one since the last time. In place of the encoder's. After a
   * `false` it is asked once more, when what has come meanwhile was read; after another one the client is given up.
   */
  heartbeat?(): boolean;
  /**
   * Ends politely, after all that was written: no more calls of `write` follow. With reason `drain`, `retry` is after how many
   * ms the client is to come back; with `refused` it is the first call, as the gate has turned the client away.
   */
  end(reason: CloseReason, retry?: number): void;
  /** Ends at once. */
  destroy(reason: CloseReason): void;
}

/** What a transport tells the connection that it belongs to. */
export interface TransportOwner {
  transportDrained(): void;
  transportClosed(error?: unknown): void;
  /** The client has closed its side while something waits: it may take that, and nothing can follow. */
  transportLeft(): void;
}

/** A transport of the library's own: it keeps its owner where others keep two functions, which are 160 bytes for each client. */
export abstract class OwnedTransport implements Omit<Transport, 'onDrain' | 'onClose'> {
  owner!: TransportOwner;
  /** Whether it keeps what it takes as a copy of its own, and not the bytes that all clients share. */
  get copies(): boolean {
    return false;
  }
  abstract readonly waiting: number;
  /** Begins to tell the owner. */
  abstract listen(): void;
  open?(): void;
  abstract write(bytes: Uint8Array): boolean;
  /** For those that frame a batch in a way of their own. */
  writeBatch(batch: Batch): boolean {
    return this.write(batch.bytes);
  }
  heartbeat?(): boolean;
  /** The HTTP/2 session that it shares with others. */
  session: object | undefined;
  /** Says that the gate has turned the client away. Nothing else follows. */
  abstract refuse(refusal: Refusal): void;
  abstract end(reason: CloseReason, retry?: number): void;
  abstract destroy(reason: CloseReason): void;
}
