import { isTickHeard, reportError } from '../diagnostics.ts';
import type { Encoder } from '../encoding/Encoder.ts';
import { encode, encodeOnce } from '../encoding/encodeOnce.ts';
import { Frame } from '../encoding/Frame.ts';
import type { Segment, SegmentTaker } from '../encoding/Segment.ts';
import type { TornadoseError } from '../errors.ts';
import { memo } from '../memo.ts';
import { Position } from '../message.ts';
import type { DropReason } from '../operators/BackpressureOperator.ts';
import type { ClientEnd, Demand } from '../pull/demand.ts';
import { Batch } from './Batch.ts';
import { addLaggard, beginWait, endWait, keepBudget, type Laggard, removeLaggard, type Waiter } from './budget.ts';
import { ClientSubscriber } from './ClientSubscriber.ts';
import type { DropEvent } from './ConnectionEvent.ts';
import { clock } from './clock.ts';
import { DropTally } from './DropTally.ts';
import { Held, type HeldOwner } from './Held.ts';
import { Pulling } from './Pulling.ts';
import type { Settings } from './SinkOptions.ts';
import { Standing } from './Standing.ts';
import { tally } from './TickTally.ts';
import { OwnedTransport, type Transport } from './Transport.ts';
import { afterFlushes, atEndOfTick, type Flushed, type Pulls } from './ticks.ts';

/** What an outbox asks and tells the connection that it belongs to. */
export interface OutboxOwner {
  /** Ends the client if its authorisation is over. */
  checkExpiry(now: number): void;
  /** Whether something may be written before the end of the tick. */
  mayWriteNow(): boolean;
  dropped(event: DropEvent): void;
  /** Nothing is left to flush before the end. */
  emptied(): void;
  /** Too much waits for all clients together, and most of it for this one. */
  overBudget(error: TornadoseError): void;
  /** The transport threw. */
  writeFailed(error: unknown): void;
  sourceCompleted(): void;
  sourceFailed(error: unknown): void;
}

/** The batch without frames at which all clients of an encoder begin each tick. */
const emptyBatches = new WeakMap<Encoder, Batch>();
/** Those of segments that leave by themselves, and from how many bytes on they do: what is smaller is joined. */
const segmentBatches = new WeakMap<Frame, Batch>();
const large = 8 * 1024;

/**
 * The end of one client's operators, and what waits for the client: the batch of this tick, and while it cannot take
 * more, whatever its strategy keeps.
 *
 * ```
 * next ──► encode ──► ready? ──yes──► batch ──► flush, once a tick ──► transport
 *                       └─no──► strategy ──when ready again──┘
 * ```
 *
 * `next` runs once for each event and client, so it touches this one object, the emission's frame and the batch that all
 * share: an object more for each client costs a tenth of a burst.
 *
 * It is made before it subscribes, because a source may emit, end or fail while it is subscribed; and it never throws,
 * because RxJS would take that for the store's other clients too.
 */
export class Outbox<T>
  extends ClientSubscriber<T>
  implements ClientEnd, Demand, Flushed, HeldOwner, Laggard, Pulls, SegmentTaker
{
  // In the order of their use, so that they share cache lines: those of `next` first, then those of `flush`.
  /** Whether the source has emitted, since the last heartbeat. */
  hasEmitted = false;
  readonly encoder: Encoder;
  #batch: Batch;
  readonly #settings: Settings<T>;
  /** Whether the transport took the last write, or has drained since. */
  #writable = true;
  #held: Held | undefined;
  #scheduled = false;
  /** `new` until the connection is open, `gone` when it takes no more. */
  #stage: 'new' | 'open' | 'gone' = 'new';
  #ending = false;
  readonly #transport: Transport | OwnedTransport;
  readonly #nothing: Batch;
  /** When something was last written. */
  wroteAt: number;
  #drops: DropTally | undefined;
  #pulling: Pulling | undefined;
  /** What the transport took last, while it cannot take more. */
  #stuck: { readonly waiter: Waiter; readonly since: number } | undefined;
  readonly #owner: OutboxOwner;
  #standing: Standing | undefined;

  constructor(
    owner: OutboxOwner,
    transport: Transport | OwnedTransport,
    encoder: Encoder,
    settings: Settings<T>,
    now: number,
  ) {
    super();
    this.encoder = encoder;
    this.#nothing = memo(emptyBatches, encoder, () => new Batch());
    this.#batch = this.#nothing;
    this.#settings = settings;
    this.#transport = transport;
    this.wroteAt = now;
    this.#owner = owner;
  }

  // ── from the source ────────────────────────────────────────────────────────────────────────────────────────────

  /** A teardown of the application's own that fails is nobody's reason to go on, least of all another client's. */
  override unsubscribe(): void {
    try {
      super.unsubscribe();
    } catch (error) {
      reportError('teardown', error);
    }
  }

  /**
   * The fast path, for each event of each client. It is `_next` without the call between, and what follows it for a client
   * that keeps up is written out here: the calls would take as long as the rest.
   */
  override next(value: T): void {
    if (this.isStopped) return;
    try {
      this.hasEmitted = true;
      const encoded = this.encoded(value);
      if (typeof encoded === 'string') {
        this.#putText(encoded, value);
      } else if (
        this.#writable &&
        this.#held === undefined &&
        encoded.atMost > 0 &&
        this.#batch.isBelow(this.#settings.outboxBytes)
      ) {
        this.#batch = this.#batch.add(encoded);
        if (!this.#scheduled) this.schedule();
      } else {
        this.put(encoded);
      }
    } catch (error) {
      this.error(error);
    }
  }

  protected override _error(error: unknown): void {
    this.unsubscribe();
    this.#owner.sourceFailed(error);
  }

  protected override _complete(): void {
    this.unsubscribe();
    this.#owner.sourceCompleted();
  }

  protected encoded(value: T): Frame | string {
    return encodeOnce(this.encoder, value);
  }

  // ── what a source that can wait asks ───────────────────────────────────────────────────────────────────────────

  get demandOfClient(): Demand {
    return this;
  }

  /** Whether the client can take more. One that is gone keeps nobody waiting: others may share its source. */
  get ready(): boolean {
    return this.canTake || this.#stage === 'gone';
  }

  whenReady(resume: () => void): void {
    this.#pulling ??= new Pulling();
    this.#pulling.add(resume);
  }

  writeNow(): void {
    if (!this.#writable || this.#held?.size || !this.#owner.mayWriteNow()) return;
    try {
      if (this.#write()) this.wroteAt = clock();
    } catch (error) {
      this.#owner.writeFailed(error);
    }
  }

  takeSegment(segment: Segment): boolean {
    if (this.isStopped || !this.canTake) return false;
    const frame = segment.frame(this.encoder);
    const { outboxBytes } = this.#settings;
    if (frame === undefined || frame.length === 0 || frame.length > outboxBytes) return false;
    const isLarge = frame.length >= large;
    const most = isLarge ? 0 : outboxBytes - frame.length;
    this.schedule();
    if (this.#batch.length > most) this.writeNow();
    if (this.isStopped || !this.canTake || this.#batch.length > most) return false;
    this.hasEmitted = true;
    if (isLarge) {
      // The same bytes for all who come back.
      this.#batch = memo(segmentBatches, frame, Batch.of);
      this.#batch.comeAgain();
      this.writeNow();
    } else {
      this.#append(frame);
    }
    return true;
  }

  follow(position: () => string, tell: boolean): void {
    this.#standing = new Standing(position);
    if (tell) this.#tellPosition(this.#standing.now());
  }

  /** Called with each heartbeat. */
  checkStanding(): void {
    if (this.#standing === undefined) return;
    const position = this.#standing.check(this.hasEmitted);
    this.hasEmitted = false;
    if (position !== undefined && this.left === 0) this.#tellPosition(position);
  }

  #tellPosition(id: string): void {
    this.put(encode(this.encoder, new Position(id)));
  }

  // ── in ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes in a frame, which is sent, kept or dropped. @throws TornadoseError `ERR_OVERFLOW`, and what a strategy's function throws */
  put(frame: Frame): void {
    if (frame.atMost === 0) this.#skip(frame);
    else if (this.canTake || this.makeRoom()) this.#append(frame);
    else this.#hold(frame);
  }

  #putText(text: string, value: T): void {
    if (text === '' || !this.canTake) {
      this.put(new Frame(value, text));
      return;
    }
    this.#batch = this.#batch.addText(text);
    if (!this.#scheduled) this.schedule();
  }

  get isEmpty(): boolean {
    return this.#batch.isEmpty && !this.#held?.size;
  }

  /** How many bytes wait behind the strategy. */
  get behind(): number {
    return this.#batch.length + this.#transport.waiting;
  }

  /** How many bytes have not left the process. */
  get left(): number {
    return this.behind + (this.#held?.bytes ?? 0);
  }

  /** Called whenever it may have become ready, or not ready any more. */
  protected changed(): void {}

  /** A value will not be sent. `bytes` is its size on the wire. */
  countDrop(reason: DropReason, bytes: number): void {
    this.#drops ??= new DropTally();
    this.#drops.add(reason, 1, bytes);
    this.schedule();
  }

  /**
   * A tick that brings more than a batch holds says nothing about the client: one that takes it all is not slow. So for
   * a strategy that only keeps things, what there is goes to the socket now, and the socket tells.
   */
  protected makeRoom(): boolean {
    if (this.#settings.strategy.wantsAll) this.writeNow();
    return this.canTake;
  }

  protected get canTake(): boolean {
    return this.#hasRoom && !this.#held?.size;
  }

  get #hasRoom(): boolean {
    return this.#writable && this.#batch.isBelow(this.#settings.outboxBytes);
  }

  #append(frame: Frame): void {
    this.#batch = this.#batch.add(frame);
    if (!this.#scheduled) this.schedule();
  }

  #hold(frame: Frame): void {
    if (this.#stage === 'gone') return;
    this.#held ??= new Held(this, this.#settings.strategy);
    const held = this.#held;
    if (isTickHeard()) frame.heldAt = performance.now();
    held.push(frame);
    if (this.#held !== held) {
      // A function of the strategy has ended this client meanwhile.
      held.clear();
      return;
    }
    addLaggard(this);
    keepBudget();
  }

  /** There is nothing to send: the value has no text, or an encoder of somebody's own made nothing of it. */
  #skip(frame: Frame): void {
    if (frame.isUnserialisable) this.countDrop('unserialisable', 0);
  }

  // ── out ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Has itself flushed at the end of this tick. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    atEndOfTick(this);
  }

  flush(now: number): void {
    this.#scheduled = false;
    this.tellDrops();
    if (this.#stage !== 'open') {
      this.#nothing.forget();
      return;
    }
    if (this.#settings.expires !== undefined) this.#owner.checkExpiry(now);
    try {
      if (this.#write()) this.wroteAt = now;
    } catch (error) {
      this.#owner.writeFailed(error);
    }
    // Not before the end of the tick: what is written in its midst goes to all clients, one after the other.
    this.#nothing.forget();
    if (this.#isGone) return;
    this.changed();
    if (this.#pulling?.isWaiting) afterFlushes(this);
    if (this.#ending && this.isEmpty) this.#owner.emptied();
  }

  pull(): void {
    this.#pulling?.resume(this);
  }

  /** The transport can take more. */
  drained(): void {
    this.release();
    if (this.#stage === 'gone') return;
    this.#moveUp();
    this.changed();
    this.schedule();
  }

  tellDrops(): void {
    const events = this.#drops?.events();
    this.#drops = undefined;
    for (const event of events ?? []) this.#owner.dropped(event);
  }

  /** The connection is open. */
  open(): void {
    if (this.#stage === 'new') this.#stage = 'open';
  }

  /** Tells the owner when all has left. */
  end(): void {
    this.#ending = true;
    this.schedule();
  }

  /** Lets go of all that waits. */
  clear(): void {
    this.#batch = this.#nothing;
    this.#held?.clear();
    this.#held = undefined;
  }

  /** Lets go of the source, too. What the transport has not got rid of still counts. */
  close(): void {
    this.#stage = 'gone';
    this.unsubscribe();
    this.clear();
    this.#pulling?.resume(this);
    this.#pulling = undefined;
    this.#standing = undefined;
    if (this.#stuck === undefined) removeLaggard(this);
  }

  /** The transport has got rid of what it took: it can take more, or is gone with it. */
  release(): void {
    this.#writable = true;
    if (this.#stuck === undefined) return;
    endWait(this.#stuck.waiter);
    this.#stuck = undefined;
    if (!this.#held?.size) removeLaggard(this);
  }

  /** Since when the transport cannot take more, in ms; `undefined` while it can. */
  get stuckSince(): number | undefined {
    return this.#stuck?.since;
  }

  overBudget(error: TornadoseError): void {
    this.#owner.overBudget(error);
  }

  /** Writes what the client can take, and tells whether that was anything. @throws what the transport throws */
  #write(): boolean {
    const writes = this.#writable && !this.#batch.isEmpty;
    while (this.#writable && !this.#batch.isEmpty) {
      const batch = this.#batch;
      this.#batch = this.#nothing;
      const took = this.#writeOne(batch);
      if (this.#isGone) return writes;
      // A high-water mark of 16 KiB makes `write` answer false to quick readers; what counts is whether something waits.
      if (!took && this.#transport.waiting > 0) this.#stick(batch);
      if (this.#held !== undefined) this.#moveUp();
    }
    return writes;
  }

  #writeOne(batch: Batch): boolean {
    const transport: OwnedTransport | Transport = this.#transport;
    const took = transport instanceof OwnedTransport ? transport.writeBatch(batch) : transport.write(batch.bytes);
    if (tally !== undefined) tally.wrote(this.encoder.name, batch);
    return took;
  }

  /** Asked after code of others has run. */
  get #isGone(): boolean {
    return this.#stage === 'gone';
  }

  /** The transport cannot take more, and has this batch for as long. */
  #stick(batch: Batch): void {
    this.#writable = false;
    const transport: OwnedTransport | Transport = this.#transport;
    const isCopy = transport instanceof OwnedTransport && transport.copies;
    const waiter = isCopy ? { length: batch.length, waiters: 0 } : batch.waiter;
    this.#stuck = { waiter, since: clock() };
    beginWait(waiter);
    addLaggard(this);
    keepBudget();
  }

  /** What waits moves up while there is room. */
  #moveUp(): void {
    while (this.#held?.size && this.#hasRoom) {
      const frame = this.#held.shift();
      if (frame.atMost === 0) {
        this.#skip(frame);
      } else {
        this.#append(frame);
        if (frame.heldAt !== 0) this.#batch.heldSince(frame.heldAt);
      }
    }
    if (this.#held?.size) return;
    this.#held = undefined;
    if (this.#stuck === undefined) removeLaggard(this);
  }
}
