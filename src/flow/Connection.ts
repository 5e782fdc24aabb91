import type { Observable } from 'rxjs';
import { reportError } from '../diagnostics.ts';
import type { Encoder } from '../encoding/Encoder.ts';
import { TornadoseError } from '../errors.ts';
import { later } from '../later.ts';
import { offer } from '../pull/demand.ts';
import type { CloseReason } from './ConnectionEvent.ts';
import { clock } from './clock.ts';
import { type Admitted, outside } from './Draining.ts';
import { type Due, dueAt, notDue, unlisted } from './dueTimes.ts';
import { Ending } from './Ending.ts';
import { Outbox, type OutboxOwner } from './Outbox.ts';
import { OwnStrategy } from './OwnStrategy.ts';
import type { Refusal } from './Refusal.ts';
import type { Settings } from './SinkOptions.ts';
import { type Abortable, offAbort, onAbort } from './signals.ts';
import { OwnedTransport, type Transport, type TransportOwner } from './Transport.ts';
import { flushLate } from './ticks.ts';
import { Watchers } from './Watchers.ts';

/**
 * One client, from its coming to its going: what the source emits goes to its outbox, which is flushed once a tick.
 *
 * Its stage is `starting` while the source is being subscribed, then `open`, `ending` until what waits has left, `ended`
 * until the transport has closed, and `closed`.
 */
export class Connection<T> extends Watchers implements OutboxOwner, TransportOwner, Due, Abortable, Admitted {
  readonly #transport: Transport | OwnedTransport;
  readonly #settings: Settings<T>;
  readonly #outbox: Outbox<T>;
  #stage: 'starting' | 'open' | 'ending' | 'ended' | 'closed' = 'starting';
  #ending: Ending | undefined;
  dueAt: number = unlisted;
  seat: number = outside;
  readonly #maxAgeAt: number | undefined;
  #heartbeatAt: number | undefined;

  constructor(source: Observable<T>, transport: Transport | OwnedTransport, encoder: Encoder, settings: Settings<T>) {
    super(encoder.name);
    const now = clock();
    flushLate(now);
    this.#transport = transport;
    this.#settings = settings;
    const { signal, maxAge, heartbeat, operator } = settings;
    if (maxAge !== undefined) this.#maxAgeAt = Math.ceil(now + maxAge * (1 - Math.random() / 5));
    if (heartbeat !== undefined) this.#heartbeatAt = now + heartbeat;
    const Kind = operator === undefined ? Outbox : OwnStrategy;
    this.#outbox = new Kind<T>(this, transport, encoder, settings, now);
    own(transport, this);
    const refusal = this.#isClosed ? undefined : settings.gate.enter(this, this.#origin);
    if (refusal !== undefined) {
      this.#refuse(refusal);
    } else if (signal?.aborted) {
      this.#finish('signal');
    } else if (this.#isExpired(now)) {
      // The first value would leave with this tick, and the timer comes after it.
      this.#finish('expired');
    } else if (!this.#isClosed) {
      if (signal !== undefined) onAbort(signal, this);
      this.#subscribe(source);
    }
    if (this.#stage === 'starting') this.#open();
  }

  // ── from the source ────────────────────────────────────────────────────────────────────────────────────────────

  sourceCompleted(): void {
    this.#finish('complete');
  }

  sourceFailed(error: unknown): void {
    if (TornadoseError.is(error, 'ERR_OVERFLOW')) this.#abandon('overflow', error);
    else this.#finish('error', error, true);
  }

  #subscribe(source: Observable<T>): void {
    const outbox = this.#outbox;
    const { operator } = this.#settings;
    const outer = offer(outbox);
    try {
      if (operator !== undefined && outbox instanceof OwnStrategy)
        outbox.behindStrategy(operator, source).subscribe(outbox);
      else source.subscribe(outbox);
    } catch (error) {
      outbox.error(error);
    } finally {
      offer(outer);
    }
  }

  // ── from the outbox and the transport ──────────────────────────────────────────────────────────────────────────

  checkExpiry(now: number): void {
    // The timer for it is rounded up.
    if (this.#isExpired(now)) this.#expire();
  }

  mayWriteNow(): boolean {
    if (this.#stage === 'starting') this.#open();
    return this.#stage === 'open' && !this.#isExpired(clock());
  }

  emptied(): void {
    if (this.#stage === 'ending') this.#end();
  }

  overBudget(error: TornadoseError): void {
    // One that has been told its end already still holds what it does not take.
    if (this.#stage === 'ended') this.#cut('budget');
    else this.#abandon('budget', error);
  }

  writeFailed(error: unknown): void {
    this.#abandon('error', error);
  }

  transportDrained(): void {
    this.#outbox.drained();
  }

  transportClosed(error?: unknown): void {
    const told = this.#stage === 'ended' || this.#isClosed;
    this.#gone();
    this.#outbox.release();
    if (told) return;
    this.#letGo();
    this.closed('client', error, false);
  }

  transportLeft(): void {
    if (this.#stage !== 'open' && this.#stage !== 'ending') return;
    this.#ending = new Ending('client', undefined, false);
    this.#stage = 'ended';
    this.#wait();
    this.#letGo();
    this.closed('client', undefined, false);
  }

  // ── from the gate ──────────────────────────────────────────────────────────────────────────────────────────────

  drain(retry: number): void {
    this.#finish('drain', undefined, false, retry);
  }

  cut(): void {
    // One that was told its end, or that it is on its way, was closed with another reason.
    if (this.#stage === 'ended') this.#cut('drain');
    else this.#abandon('drain');
  }

  get #origin(): { readonly key: string | undefined; readonly session: object | undefined } {
    const transport: Transport | OwnedTransport = this.#transport;
    return {
      key: this.#settings.key,
      session: transport instanceof OwnedTransport ? transport.session : undefined,
    };
  }

  /** It was not let in: nothing is subscribed. */
  #refuse(refusal: Refusal): void {
    this.#stage = 'closed';
    this.#outbox.close();
    const transport: Transport | OwnedTransport = this.#transport;
    try {
      if (transport instanceof OwnedTransport) transport.refuse(refusal);
      else transport.end('refused');
    } catch {
      this.#destroy('refused');
    }
    this.closed('refused', refusal.error, false);
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
    this.#outbox.open();
    this.opened();
    if (this.#ending !== undefined) this.#beginEnding();
    else this.#setDue(this.#outbox.wroteAt);
  }

  /** Ends after what waits has left. */
  #finish(reason: CloseReason, error?: unknown, ofSource = false, retry?: number): void {
    if (this.#ending !== undefined || this.#stage === 'ended' || this.#isClosed) return;
    this.#ending = new Ending(reason, error, ofSource, retry);
    this.#outbox.unsubscribe();
    // Its teardown may have closed the transport.
    if (this.#isClosed) return;
    if (this.#stage !== 'starting') this.#beginEnding();
    // Nothing was emitted, so there is nothing to open for: the transport can still say so in a status of its own.
    else if (!this.#outbox.hasEmitted && (reason === 'complete' || reason === 'error')) this.#end();
  }

  #beginEnding(): void {
    this.#stage = 'ending';
    this.#wait();
    this.#outbox.end();
  }

  #end(): void {
    const { reason, error, ofSource, retry } = this.#ending as Ending;
    this.#stage = 'ended';
    this.#wait();
    this.#letGo();
    try {
      this.#transport.end(reason, retry);
    } catch {
      // Whatever is wrong with it, there is only one thing left to do, and nothing to wait for.
      this.#cut(reason);
    }
    this.closed(reason, error, ofSource);
  }

  /** Gives the client its time to take the rest, or to go. */
  #wait(): void {
    const now = clock();
    this.#ending?.wait(now, this.#left);
    this.#setDue(now);
  }

  /** Ends at once: the client is too slow, silent, or broken. */
  #abandon(reason: CloseReason, error?: unknown): void {
    if (this.#stage === 'ended' || this.#isClosed) return;
    this.#letGo();
    if (this.#isClosed) return;
    this.#cut(reason);
    this.closed(reason, error, false);
  }

  #cut(reason: CloseReason): void {
    this.#gone(true);
    this.#outbox.release();
    this.#destroy(reason);
  }

  #destroy(reason: CloseReason): void {
    try {
      this.#transport.destroy(reason);
    } catch (error) {
      // Nobody can do more about it; who watches this connection still learns that it is over.
      reportError('destroy', error);
    }
  }

  #gone(wasCut = false): void {
    this.#stage = 'closed';
    notDue(this);
    this.#settings.gate.leave(this, this.#origin, wasCut);
  }

  get #isClosed(): boolean {
    return this.#stage === 'closed';
  }

  /** Whatever this holds of the source and of its values. */
  #letGo(): void {
    this.#outbox.tellDrops();
    this.#outbox.close();
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
    else if (now >= (this.#maxAgeAt ?? never)) this.#finish('maxAge');
    else if (now >= (this.#heartbeatAt ?? never)) this.#heartbeat(now);
    this.#setDue(now);
  }

  #setDue(now: number): void {
    if (this.#isClosed) return;
    const isEnding = this.#stage === 'ending' || this.#stage === 'ended';
    const at = isEnding
      ? (this.#ending as Ending).patienceEnds
      : Math.min(this.#heartbeatAt ?? never, this.#maxAgeAt ?? never, this.#expiresAt(now));
    if (at !== never) dueAt(this, at, now);
  }

  #expiresAt(now: number): number {
    const { expires } = this.#settings;
    return expires === undefined ? never : now + expires - Date.now();
  }

  #isExpired(now: number): boolean {
    return this.#settings.expires !== undefined && now >= this.#expiresAt(now);
  }

  /** The client may see no more, also not what waits. */
  #expire(): void {
    this.#outbox.clear();
    // One that was ending has not got all of it, and must not be told that this is the end.
    if (this.#stage !== 'ending') this.#finish('expired');
    else {
      this.#ending = new Ending('expired', undefined, false);
      this.#wait();
    }
  }

  get #left(): number {
    try {
      return this.#outbox.left;
    } catch (error) {
      // It is asked for on the way out, where a transport of somebody's own must not stop anything.
      reportError('waiting', error);
      return 0;
    }
  }

  #checkProgress(now: number): void {
    if (!this.#ending?.isStuck(this.#left, now)) return;
    if (this.#stage === 'ending') this.#abandon('timeout');
    else this.#cut('timeout');
  }

  #heartbeat(now: number): void {
    const { heartbeat = never } = this.#settings;
    const { wroteAt } = this.#outbox;
    this.#outbox.checkStanding();
    if (this.#transport.heartbeat === undefined) {
      if (now - wroteAt < heartbeat) this.#heartbeatAt = wroteAt + heartbeat;
      else this.#beat(now);
    } else if (this.#isAlive()) {
      this.#beat(now);
    } else {
      // It may have answered while the process was held up: a timer comes before what there is to read.
      this.#heartbeatAt = undefined;
      later(() => later(() => this.#askAgain()));
    }
  }

  #askAgain(): void {
    if (this.#stage !== 'open') return;
    if (!this.#isAlive()) {
      this.#abandon('timeout');
      return;
    }
    const now = clock();
    this.#beat(now);
    this.#setDue(now);
  }

  /** Asks the transport for a sign of life. A client that cannot be asked is given up. */
  #isAlive(): boolean {
    try {
      return this.#transport.heartbeat?.() === true;
    } catch (error) {
      this.#abandon('error', error);
      return false;
    }
  }

  #beat(now: number): void {
    const { heartbeat = never, heartbeatFrame } = this.#settings;
    this.#heartbeatAt = now + heartbeat;
    // For a client that something waits for, more would only wait as well.
    if (heartbeatFrame !== undefined && this.#outbox.left === 0) this.#outbox.put(heartbeatFrame);
  }
}

const never = Number.POSITIVE_INFINITY;

function own(transport: Transport | OwnedTransport, owner: TransportOwner): void {
  if (transport instanceof OwnedTransport) {
    transport.owner = owner;
    transport.listen();
  } else {
    transport.onDrain(() => owner.transportDrained());
    transport.onClose((error) => owner.transportClosed(error));
  }
}
