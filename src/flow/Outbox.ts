import type { Encoder } from '../encoding/Encoder.ts';
import { encode } from '../encoding/encodeOnce.ts';
import { Frame } from '../encoding/Frame.ts';
import { memo } from '../memo.ts';
import { dataOf, isNotice, mergedWith } from '../message.ts';
import type { DropReason } from '../operators/BackpressureOperator.ts';
import type { Items, Strategy, Waiting } from '../operators/Waiting.ts';
import { Batch } from './Batch.ts';
import type { Transport } from './Transport.ts';

/** What an outbox tells the connection that it belongs to. */
export interface OutboxOwner {
  /** There is something to flush at the end of this tick. */
  schedule(): void;
  /** A value will not be sent. `bytes` is its size on the wire. */
  countDrop(reason: DropReason, bytes: number): void;
  /** Whether something may be written before the end of the tick. */
  canWriteNow(): boolean;
}

/** Stands for the bytes of a frame that a strategy made and that nobody has asked for yet. */
const unencoded = new Uint8Array(0);

/** The batch without frames at which all clients of an encoder begin each tick. */
const emptyBatches = new WeakMap<Encoder, Batch>();

/**
 * What waits for one client: the batch of this tick, and behind a client that cannot take more, whatever its strategy
 * keeps.
 *
 * ```
 * add ──► ready? ──yes──► batch ──► flush, once a tick ──► transport
 *           └─no──► strategy ──when ready again──┘
 * ```
 */
export class Outbox {
  readonly #transport: Transport;
  readonly #encoder: Encoder;
  readonly #strategy: Strategy;
  readonly #limit: number;
  readonly #owner: OutboxOwner;
  readonly #nothing: Batch;
  #batch: Batch;
  #waiting: Waiting<Frame> | undefined;
  /** Whether the transport took the last write, or has drained since. */
  #writable = true;

  constructor(transport: Transport, encoder: Encoder, strategy: Strategy, limit: number, owner: OutboxOwner) {
    this.#transport = transport;
    this.#encoder = encoder;
    this.#strategy = strategy;
    this.#limit = limit;
    this.#owner = owner;
    this.#nothing = memo(emptyBatches, encoder, () => new Batch());
    this.#batch = this.#nothing;
  }

  /** Whether the client can take more. */
  get ready(): boolean {
    return this.#hasRoom && !this.#waiting?.size;
  }

  get isEmpty(): boolean {
    return this.#batch.count === 0 && !this.#waiting?.size;
  }

  /** How many bytes wait behind the strategy. */
  get behind(): number {
    return this.#batch.length + this.#transport.waiting;
  }

  /** How many bytes have not left the process. */
  get left(): number {
    return this.behind + (this.#waiting?.bytes ?? 0);
  }

  /** Takes in a frame, which is sent, kept or dropped. @throws TornadoseError `ERR_OVERFLOW`, and what a strategy's function throws */
  add(frame: Frame): void {
    if (this.ready || this.makeRoom()) this.#put(frame);
    else this.#hold(frame);
  }

  /** Writes what the client can take. @returns whether anything was written @throws what the transport throws */
  flush(): boolean {
    const writes = this.#writable && this.#batch.count > 0;
    while (this.#writable && this.#batch.count > 0) {
      const batch = this.#batch;
      this.#batch = this.#nothing;
      // A high-water mark of 16 KiB makes `write` answer false to quick readers; what counts is whether something waits.
      this.#writable = this.#write(batch) || this.#transport.waiting === 0;
      this.#release();
    }
    this.#nothing.forget();
    return writes;
  }

  /** The transport can take more. */
  drained(): void {
    this.#writable = true;
    this.#release();
  }

  /** Lets go of all that waits. */
  clear(): void {
    this.#batch = this.#nothing;
    this.#waiting = undefined;
  }

  get #hasRoom(): boolean {
    return this.#writable && this.#batch.length < this.#limit;
  }

  #put(frame: Frame): void {
    this.#batch = this.#batch.add(frame);
    this.#owner.schedule();
  }

  #hold(frame: Frame): void {
    this.#waiting ??= this.#strategy.hold(this.#items());
    this.#waiting.push(frame);
  }

  /** What waits moves up while there is room. */
  #release(): void {
    while (this.#waiting?.size && this.#hasRoom) {
      const held = this.#waiting.shift();
      const frame = held.bytes === unencoded ? encode(this.#encoder, held.value) : held;
      if (frame.bytes === undefined) this.#owner.countDrop('unserialisable', 0);
      else this.#put(frame);
    }
  }

  /**
   * A tick that brings more than a batch holds says nothing about the client: one that takes it all is not slow. So for
   * a strategy that only keeps things, what there is goes to the socket now, and the socket tells.
   */
  makeRoom(): boolean {
    if (!this.#strategy.wantsAll || !this.#writable || this.#waiting?.size) return false;
    if (!this.#owner.canWriteNow()) return false;
    this.flush();
    return this.ready;
  }

  #write(batch: Batch): boolean {
    const transport = this.#transport;
    return transport.writeBatch === undefined ? transport.write(batch.bytes) : transport.writeBatch(batch);
  }

  /** How the built-in strategies see this client: as frames, which are encoded already. */
  #items(): Items<Frame> {
    const outbox = this;
    return {
      bytesOf: (frame) => (frame.bytes === unencoded ? encode(this.#encoder, frame.value).length : frame.length),
      get waiting() {
        return outbox.behind;
      },
      dropped: (frame, why) => this.#owner.countDrop(why, frame.length),
      dataOf: (frame) => dataOf(frame.value),
      merged: (held, incoming, data) => new Frame(mergedWith(held.value, incoming.value, data), unencoded),
      isNotice: (frame) => isNotice(frame.value),
    };
  }
}
