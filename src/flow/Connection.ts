import { BehaviorSubject, filter, type Observable } from 'rxjs';
import type { Encoder } from '../encoding/Encoder.ts';
import { encode, encodeOnce } from '../encoding/encodeOnce.ts';
import { Frame } from '../encoding/Frame.ts';
import { TornadoseError } from '../errors.ts';
import { memo } from '../memo.ts';
import { dataOf, isNotice, mergedWith } from '../message.ts';
import type { DropReason, Outlet } from '../operators/BackpressureOperator.ts';
import type { Items, Waiting } from '../operators/Waiting.ts';
import { Batch } from './Batch.ts';
import type { CloseReason } from './ConnectionEvent.ts';
import { DropTally } from './DropTally.ts';
import { type Due, dueAt, notDue } from './dueTimes.ts';
import { Inlet, type Receiver } from './Inlet.ts';
import type { Settings } from './SinkOptions.ts';
import { type Abortable, offAbort, onAbort } from './signals.ts';
import type { Transport } from './Transport.ts';
import { atEndOfTick, type Flushed } from './ticks.ts';
import { Watchers } from './Watchers.ts';

/** How long a client that has been told the end may take without any progress. `ws` gives a close handshake as long. */
const patience = 30_000;

/** How it ends. `ofSource` says that the error is the application's own. */
interface Ending {
  readonly reason: CloseReason;
  readonly error: unknown;
  readonly ofSource: boolean;
}

/** Stands for the bytes of a frame that a strategy made and that nobody has asked for yet. */
const unencoded = new Uint8Array(0);

/** The batch without frames at which all clients of an encoder begin each tick. */
const emptyBatches = new WeakMap<Encoder, Batch>();

/**
 * One client: where the source, the strategy, the outbox and the socket meet.
 *
 * ```
 * receive ──► encode once ──► ready? ──yes──► outbox ──► flush, once a tick ──► transport
 *                               └─no──► strategy ──when ready again──┘
 * ```
 */
export class Connection<T> extends Watchers implements Receiver, Flushed, Due, Abortable {
  readonly #transport: Transport;
  readonly #encoder: Encoder;
  readonly #settings: Settings<T>;
  readonly #inlet: Inlet<T> = new Inlet<T>(this);
  readonly #nothing: Batch;

  /** `starting` while the source is being subscribed, `ending` until what waits has left, `ended` until the socket closes. */
  #stage: 'starting' | 'open' | 'ending' | 'ended' | 'closed' = 'starting';
  #ending: Ending | undefined;
  #emitted = false;

  #outbox: Batch;
  #waiting: Waiting<Frame> | undefined;
  /** Whether the transport took the last write, or has drained since. */
  #writable = true;
  #scheduled = false;
  #drops: DropTally | undefined;
  /** For a strategy of somebody's own. */
  #readiness: BehaviorSubject<boolean> | undefined;
  #encodedBefore: WeakMap<object, Frame> | undefined;

  dueAt: number = Number.NaN;
  readonly #startedAt: number = performance.now();
  readonly #maxAgeAt: number;
  #wroteAt: number = this.#startedAt;
  #heartbeatAt: number = Number.POSITIVE_INFINITY;
  #patienceEnds = 0;
  #leftToSend: number = Number.POSITIVE_INFINITY;

  constructor(source: Observable<T>, transport: Transport, encoder: Encoder, settings: Settings<T>) {
    super(encoder.name);
    this.#transport = transport;
    this.#encoder = encoder;
    this.#settings = settings;
    this.#nothing = memo(emptyBatches, encoder, () => new Batch());
    this.#outbox = this.#nothing;
    const { signal, maxAge, heartbeat } = settings;
    this.#maxAgeAt =
      maxAge === undefined ? Number.POSITIVE_INFINITY : this.#startedAt + maxAge * (1 - Math.random() / 5);
    if (heartbeat !== undefined) this.#heartbeatAt = this.#startedAt + heartbeat;
    transport.onDrain(() => this.#drained());
    transport.onClose((error) => this.#transportClosed(error));
    if (signal?.aborted) {
      this.#finish('signal');
      this.#open();
      return;
    }
    if (signal !== undefined) onAbort(signal, this);
    this.#subscribe(source);
    if (this.#stage === 'starting') this.#open();
  }

  // ── from the source ────────────────────────────────────────────────────────────────────────────────────────────

  receive(value: T): void {
    const frame = this.#frameOf(value);
    this.#emitted = true;
    if (frame.bytes === undefined) this.#dropped('unserialisable', 0);
    else if (this.#ready || this.#makeRoom()) this.#put(frame);
    else this.#hold(frame);
    this.#tellReadiness();
  }

  sourceCompleted(): void {
    this.#finish('complete');
  }

  sourceFailed(error: unknown): void {
    if (TornadoseError.is(error, 'ERR_OVERFLOW')) this.#abandon('overflow', error);
    else this.#finish('error', error, true);
  }

  #subscribe(source: Observable<T>): void {
    const { operator } = this.#settings;
    if (operator === undefined) {
      source.subscribe(this.#inlet);
      return;
    }
    // Encoded before the strategy, which may hold a value for long: it is only while it is emitted that nobody changes it.
    const sendable = source.pipe(filter((value) => this.#encodeAhead(value)));
    this.#readiness = new BehaviorSubject(true);
    this.#encodedBefore = new WeakMap();
    try {
      operator(this.#readiness, this.#outlet())(sendable).subscribe(this.#inlet);
    } catch (error) {
      this.#inlet.error(error);
    }
  }

  #encodeAhead(value: T): boolean {
    const frame = encodeOnce(this.#encoder, value);
    if (typeof value === 'object' && value !== null) this.#encodedBefore?.set(value, frame);
    if (frame.bytes === undefined) this.#dropped('unserialisable', 0);
    return frame.bytes !== undefined;
  }

  #frameOf(value: T): Frame {
    const before = typeof value === 'object' && value !== null ? this.#encodedBefore?.get(value) : undefined;
    return before ?? encodeOnce(this.#encoder, value);
  }

  // ── strategy ───────────────────────────────────────────────────────────────────────────────────────────────────

  get #ready(): boolean {
    return this.#writable && this.#outbox.length < this.#settings.outboxBytes && !this.#waiting?.size;
  }

  /**
   * A tick that brings more than the outbox holds says nothing about the client: one that takes it all is not slow. So
   * for a strategy that only keeps things, what there is goes to the socket now, and the socket tells.
   */
  #makeRoom(): boolean {
    if (!this.#settings.strategy.wantsAll || !this.#writable || this.#waiting?.size) return false;
    if (this.#stage === 'starting') this.#open();
    this.#send(performance.now());
    return this.#ready && this.#stage === 'open';
  }

  #hold(frame: Frame): void {
    this.#waiting ??= this.#settings.strategy.hold(this.#frames());
    this.#waiting.push(frame);
  }

  /** What waits moves up while there is room in the outbox. */
  #release(): void {
    while (this.#waiting?.size && this.#writable && this.#outbox.length < this.#settings.outboxBytes) {
      const held = this.#waiting.shift();
      const frame = held.bytes === unencoded ? encode(this.#encoder, held.value) : held;
      if (frame.bytes === undefined) this.#dropped('unserialisable', 0);
      else this.#put(frame);
    }
    this.#tellReadiness();
  }

  #tellReadiness(): void {
    const readiness = this.#readiness;
    if (readiness !== undefined && readiness.value !== this.#ready) readiness.next(this.#ready);
  }

  /** How the built-in strategies see this client: as frames, which are encoded already. */
  #frames(): Items<Frame> {
    const connection = this;
    return {
      bytesOf: (frame) => (frame.bytes === unencoded ? encode(this.#encoder, frame.value).length : frame.length),
      // A getter, not `...outlet`: that would copy what it is now.
      get waiting() {
        return connection.#behind;
      },
      dropped: (frame, why) => this.#dropped(why, frame.length),
      dataOf: (frame) => dataOf(frame.value),
      merged: (held, incoming, data) => new Frame(mergedWith(held.value, incoming.value, data), unencoded),
      isNotice: (frame) => isNotice(frame.value),
    };
  }

  /** How a strategy of somebody's own sees it. */
  #outlet(): Outlet<T> {
    const connection = this;
    return {
      bytesOf: (value) => this.#frameOf(value).length,
      get waiting() {
        return connection.#behind;
      },
      dropped: (value, why) => this.#dropped(why, this.#frameOf(value).length),
    };
  }

  /** What waits behind the strategy. */
  get #behind(): number {
    return this.#outbox.length + this.#transport.waiting;
  }

  #dropped(reason: DropReason, bytes: number): void {
    this.#drops ??= new DropTally();
    this.#drops.add(reason, 1, bytes);
    this.#schedule();
  }

  // ── outbox and socket ──────────────────────────────────────────────────────────────────────────────────────────

  #put(frame: Frame): void {
    this.#outbox = this.#outbox.add(frame);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    atEndOfTick(this);
  }

  flush(now: number): void {
    this.#scheduled = false;
    this.#tellDrops();
    if (this.#stage !== 'open' && this.#stage !== 'ending') return;
    this.#send(now);
    this.#nothing.forget();
    this.#endIfSent();
  }

  #send(now: number): void {
    try {
      while (this.#writable && this.#outbox.count > 0) {
        const batch = this.#outbox;
        this.#outbox = this.#nothing;
        this.#wroteAt = now;
        // A high-water mark of 16 KiB makes `write` answer false to quick readers; what counts is whether something waits.
        this.#writable = this.#write(batch) || this.#transport.waiting === 0;
        this.#release();
      }
    } catch (error) {
      this.#abandon('error', error);
    }
  }

  #write(batch: Batch): boolean {
    return this.#transport.writeBatch === undefined
      ? this.#transport.write(batch.bytes)
      : this.#transport.writeBatch(batch);
  }

  #drained(): void {
    this.#writable = true;
    this.#release();
    this.#schedule();
  }

  #tellDrops(): void {
    const events = this.#drops?.events();
    this.#drops = undefined;
    for (const event of events ?? []) this.dropped(event);
  }

  // ── beginning and end ──────────────────────────────────────────────────────────────────────────────────────────

  #open(): void {
    try {
      this.#transport.open?.();
    } catch (error) {
      this.#abandon('error', error);
      return;
    }
    // The client may have left by then.
    if (this.#isClosed) return;
    this.#stage = 'open';
    this.opened();
    if (this.#ending !== undefined) this.#beginEnding();
    else this.#setDue(performance.now());
  }

  /** Ends after what waits has left. */
  #finish(reason: CloseReason, error?: unknown, ofSource = false): void {
    if (this.#ending !== undefined || this.#stage === 'ended' || this.#stage === 'closed') return;
    this.#ending = { reason, error, ofSource };
    this.#inlet.unsubscribe();
    if (this.#stage === 'starting') {
      // Nothing was emitted, so there is nothing to open for: the transport can still say so in a status of its own.
      if (!this.#emitted && (reason === 'complete' || reason === 'error')) this.#end();
      return;
    }
    this.#beginEnding();
  }

  #beginEnding(): void {
    this.#stage = 'ending';
    this.#patienceEnds = performance.now() + patience;
    this.#setDue(performance.now());
    this.#schedule();
  }

  #endIfSent(): void {
    if (this.#stage === 'ending' && this.#outbox.count === 0 && !this.#waiting?.size) this.#end();
  }

  #end(): void {
    const { reason, error, ofSource } = this.#ending as Ending;
    this.#stage = 'ended';
    this.#patienceEnds = performance.now() + patience;
    this.#setDue(performance.now());
    this.#letGo();
    try {
      this.#transport.end(reason);
    } catch {
      // Whatever is wrong with it, there is only one thing left to do.
      this.#transport.destroy(reason);
    }
    this.closed(reason, error, ofSource);
  }

  /** Ends at once: the client is too slow, silent, or broken. */
  #abandon(reason: CloseReason, error?: unknown): void {
    if (this.#stage === 'ended' || this.#stage === 'closed') return;
    this.#stage = 'closed';
    this.#letGo();
    notDue(this);
    this.#transport.destroy(reason);
    this.closed(reason, error, false);
  }

  #transportClosed(error: unknown): void {
    const told = this.#stage === 'ended' || this.#stage === 'closed';
    this.#stage = 'closed';
    notDue(this);
    if (told) return;
    this.#letGo();
    this.closed('client', error, false);
  }

  /** Whatever this holds of the source and of its values. */
  #letGo(): void {
    this.#inlet.unsubscribe();
    this.#readiness?.complete();
    this.#tellDrops();
    this.#outbox = this.#nothing;
    this.#waiting = undefined;
    if (this.#settings.signal !== undefined) offAbort(this.#settings.signal, this);
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────

  aborted(): void {
    this.#finish('signal');
  }

  due(now: number): void {
    if (this.#stage === 'closed') return;
    if (this.#stage === 'ending' || this.#stage === 'ended') this.#checkProgress(now);
    else if (now >= this.#expiresAt(now)) this.#expire();
    else if (now >= this.#maxAgeAt) this.#finish('maxAge');
    else if (now >= this.#heartbeatAt) this.#heartbeat(now);
    this.#setDue(now);
  }

  get #isClosed(): boolean {
    return this.#stage === 'closed';
  }

  #setDue(now: number): void {
    if (this.#isClosed) return;
    const isEnding = this.#stage === 'ending' || this.#stage === 'ended';
    const at = isEnding ? this.#patienceEnds : Math.min(this.#heartbeatAt, this.#maxAgeAt, this.#expiresAt(now));
    if (at !== Number.POSITIVE_INFINITY) dueAt(this, at, now);
  }

  #expiresAt(now: number): number {
    const { expires } = this.#settings;
    return expires === undefined ? Number.POSITIVE_INFINITY : now + expires - Date.now();
  }

  /** The client may see no more, also not what waits. */
  #expire(): void {
    this.#outbox = this.#nothing;
    this.#waiting = undefined;
    this.#finish('expired');
  }

  /** Slow clients may take as long as they need for the rest; those that take nothing at all are gone. */
  #checkProgress(now: number): void {
    if (now < this.#patienceEnds) return;
    const left = this.#behind + (this.#waiting?.bytes ?? 0);
    if (left > 0 && left < this.#leftToSend) {
      this.#leftToSend = left;
      this.#patienceEnds = now + patience;
    } else if (this.#stage === 'ending') {
      this.#abandon('timeout');
    } else {
      this.#stage = 'closed';
      this.#transport.destroy('timeout');
    }
  }

  #heartbeat(now: number): void {
    const { heartbeat = Number.POSITIVE_INFINITY, heartbeatFrame } = this.#settings;
    const silent = now - this.#wroteAt;
    if (this.#transport.heartbeat !== undefined) {
      if (!this.#transport.heartbeat()) {
        this.#abandon('timeout');
        return;
      }
    } else if (silent < heartbeat) {
      this.#heartbeatAt = this.#wroteAt + heartbeat;
      return;
    }
    this.#heartbeatAt = now + heartbeat;
    // For a client that something waits for, more would only wait as well.
    if (heartbeatFrame !== undefined && this.#ready && this.#transport.waiting === 0) this.#put(heartbeatFrame);
  }
}
