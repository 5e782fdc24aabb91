import type { Observable } from 'rxjs';
import { reportError } from '../diagnostics.ts';
import type { Encoder } from '../encoding/Encoder.ts';
import { encodeOnce } from '../encoding/encodeOnce.ts';
import { TornadoseError } from '../errors.ts';
import type { DropReason } from '../operators/BackpressureOperator.ts';
import { type Demand, offer } from '../pull/demand.ts';
import type { CloseReason } from './ConnectionEvent.ts';
import { DropTally } from './DropTally.ts';
import { type Due, dueAt, notDue } from './dueTimes.ts';
import { Inlet, type Receiver } from './Inlet.ts';
import { Outbox, type OutboxOwner } from './Outbox.ts';
import { OwnStrategy } from './OwnStrategy.ts';
import { Pulling } from './Pulling.ts';
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

/**
 * One client, from its coming to its going: what the source emits goes to its outbox, which is flushed once a tick.
 *
 * Its stage is `starting` while the source is being subscribed, then `open`, `ending` until what waits has left, `ended`
 * until the transport has closed, and `closed`.
 */
export class Connection<T> extends Watchers implements Receiver, Demand, OutboxOwner, Flushed, Due, Abortable {
  readonly #transport: Transport;
  readonly #encoder: Encoder;
  readonly #settings: Settings<T>;
  readonly #inlet: Inlet<T> = new Inlet<T>(this);
  readonly #outbox: Outbox;
  #own: OwnStrategy<T> | undefined;
  #pulling: Pulling | undefined;

  #stage: 'starting' | 'open' | 'ending' | 'ended' | 'closed' = 'starting';
  #ending: Ending | undefined;
  #emitted = false;
  #scheduled = false;
  #drops: DropTally | undefined;

  dueAt: number = Number.NaN;
  readonly #maxAgeAt: number;
  #wroteAt: number = performance.now();
  #heartbeatAt: number = Number.POSITIVE_INFINITY;
  #patienceEnds = 0;
  #leftToSend: number = Number.POSITIVE_INFINITY;

  constructor(source: Observable<T>, transport: Transport, encoder: Encoder, settings: Settings<T>) {
    super(encoder.name);
    this.#transport = transport;
    this.#encoder = encoder;
    this.#settings = settings;
    this.#outbox = new Outbox(transport, encoder, settings.strategy, settings.outboxBytes, this);
    const { signal, maxAge, heartbeat } = settings;
    this.#maxAgeAt = maxAge === undefined ? Number.POSITIVE_INFINITY : this.#wroteAt + maxAge * (1 - Math.random() / 5);
    if (heartbeat !== undefined) this.#heartbeatAt = this.#wroteAt + heartbeat;
    transport.onDrain(() => this.#drained());
    transport.onClose((error) => this.#transportClosed(error));
    if (signal?.aborted) {
      this.#finish('signal');
    } else if (this.#isExpired(this.#wroteAt)) {
      // The first value would leave with this tick, and the timer comes after it.
      this.#finish('expired');
    } else {
      if (signal !== undefined) onAbort(signal, this);
      this.#subscribe(source);
    }
    if (this.#stage === 'starting') this.#open();
  }

  // ── from the source ────────────────────────────────────────────────────────────────────────────────────────────

  receive(value: T): void {
    const frame = this.#own === undefined ? encodeOnce(this.#encoder, value) : this.#own.frameOf(value);
    this.#emitted = true;
    if (frame.bytes === undefined) this.countDrop('unserialisable', 0);
    else this.#outbox.add(frame);
    this.#own?.tell();
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
    const outer = offer(this);
    try {
      if (operator === undefined) {
        source.subscribe(this.#inlet);
        return;
      }
      this.#own = new OwnStrategy(this.#encoder, this.#outbox, this);
      this.#own.apply(operator, source).subscribe(this.#inlet);
    } catch (error) {
      this.#inlet.error(error);
    } finally {
      offer(outer);
    }
  }

  // ── what a source that can wait asks ───────────────────────────────────────────────────────────────────────────

  get ready(): boolean {
    return this.#outbox.ready;
  }

  whenReady(resume: () => void): void {
    this.#pulling ??= new Pulling();
    this.#pulling.add(resume);
  }

  // ── from and to the outbox ─────────────────────────────────────────────────────────────────────────────────────

  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    atEndOfTick(this);
  }

  flush(now: number): void {
    this.#scheduled = false;
    this.#tellDrops();
    if (this.#stage !== 'open' && this.#stage !== 'ending') return;
    // The timer for it is rounded up.
    if (this.#isExpired(now)) this.#expire();
    try {
      if (this.#outbox.flush()) this.#wroteAt = now;
    } catch (error) {
      this.#abandon('error', error);
    }
    this.#own?.tell();
    this.#pulling?.resume(this);
    if (this.#stage === 'ending' && this.#outbox.isEmpty) this.#end();
  }

  countDrop(reason: DropReason, bytes: number): void {
    this.#drops ??= new DropTally();
    this.#drops.add(reason, 1, bytes);
    this.schedule();
  }

  canWriteNow(): boolean {
    if (this.#stage === 'starting') this.#open();
    return this.#stage === 'open' && !this.#isExpired(performance.now());
  }

  #drained(): void {
    this.#outbox.drained();
    this.#own?.tell();
    this.schedule();
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
    if (this.#ending !== undefined || this.#stage === 'ended' || this.#isClosed) return;
    this.#ending = { reason, error, ofSource };
    this.#inlet.unsubscribe();
    if (this.#stage !== 'starting') this.#beginEnding();
    // Nothing was emitted, so there is nothing to open for: the transport can still say so in a status of its own.
    else if (!this.#emitted && (reason === 'complete' || reason === 'error')) this.#end();
  }

  #beginEnding(): void {
    this.#stage = 'ending';
    this.#patienceEnds = performance.now() + patience;
    this.#setDue(performance.now());
    this.schedule();
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
      this.#destroy(reason);
    }
    this.closed(reason, error, ofSource);
  }

  /** Ends at once: the client is too slow, silent, or broken. */
  #abandon(reason: CloseReason, error?: unknown): void {
    if (this.#stage === 'ended' || this.#isClosed) return;
    this.#stage = 'closed';
    this.#letGo();
    notDue(this);
    this.#destroy(reason);
    this.closed(reason, error, false);
  }

  #destroy(reason: CloseReason): void {
    try {
      this.#transport.destroy(reason);
    } catch (error) {
      // Nobody can do more about it; who watches this connection still learns that it is over.
      reportError('destroy', error);
    }
  }

  #transportClosed(error: unknown): void {
    const told = this.#stage === 'ended' || this.#isClosed;
    this.#stage = 'closed';
    notDue(this);
    if (told) return;
    this.#letGo();
    this.closed('client', error, false);
  }

  get #isClosed(): boolean {
    return this.#stage === 'closed';
  }

  /** Whatever this holds of the source and of its values. */
  #letGo(): void {
    this.#inlet.unsubscribe();
    this.#own?.end();
    this.#tellDrops();
    this.#outbox.clear();
    this.#pulling = undefined;
    if (this.#settings.signal !== undefined) offAbort(this.#settings.signal, this);
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────

  aborted(): void {
    this.#finish('signal');
  }

  due(now: number): void {
    if (this.#isClosed) return;
    if (this.#stage === 'ending' || this.#stage === 'ended') this.#checkProgress(now);
    else if (this.#isExpired(now)) this.#expire();
    else if (now >= this.#maxAgeAt) this.#finish('maxAge');
    else if (now >= this.#heartbeatAt) this.#heartbeat(now);
    this.#setDue(now);
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

  #isExpired(now: number): boolean {
    return this.#settings.expires !== undefined && now >= this.#expiresAt(now);
  }

  /** The client may see no more, also not what waits. */
  #expire(): void {
    this.#outbox.clear();
    // One that was ending has not got all of it, and must not be told that this is the end.
    if (this.#stage === 'ending') this.#ending = { reason: 'expired', error: undefined, ofSource: false };
    else this.#finish('expired');
  }

  /** Slow clients may take as long as they need for the rest; those that take nothing at all are gone. */
  #checkProgress(now: number): void {
    if (now < this.#patienceEnds) return;
    const { left } = this.#outbox;
    if (left > 0 && left < this.#leftToSend) {
      this.#leftToSend = left;
      this.#patienceEnds = now + patience;
    } else if (this.#stage === 'ending') {
      this.#abandon('timeout');
    } else {
      this.#stage = 'closed';
      this.#destroy('timeout');
    }
  }

  /** Asks the transport for a sign of life; without one, or when it cannot be asked, the client is given up. */
  #isAlive(): boolean {
    try {
      if (this.#transport.heartbeat?.()) return true;
      this.#abandon('timeout');
    } catch (error) {
      this.#abandon('error', error);
    }
    return false;
  }

  #heartbeat(now: number): void {
    const { heartbeat = Number.POSITIVE_INFINITY, heartbeatFrame } = this.#settings;
    if (this.#transport.heartbeat !== undefined) {
      if (!this.#isAlive()) return;
    } else if (now - this.#wroteAt < heartbeat) {
      this.#heartbeatAt = this.#wroteAt + heartbeat;
      return;
    }
    this.#heartbeatAt = now + heartbeat;
    // For a client that something waits for, more would only wait as well.
    if (heartbeatFrame !== undefined && this.#outbox.left === 0) this.#outbox.add(heartbeatFrame);
  }
}
