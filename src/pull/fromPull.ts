import { Observable, type Subscriber } from 'rxjs';
import { later } from '../later.ts';
import { invalidOption } from '../options.ts';
import { type Demand, demandOf, passEnd, passOn } from './demand.ts';
import { type Pull, type Pullable, pullFrom } from './Pull.ts';

/** For how many ms values may come before the event loop turns. */
const budget = 5;
/** How many values come between two looks at the clock, at most, and how many ms these may take: where it is more, each is looked at. */
const [longestStride, quick] = [64, 0.5];

/**
 * An Observable that takes the next value of `source` only while the client that it feeds can take more: a million rows, a
 * database cursor or a token stream cost no memory, and lose nothing.
 *
 * ```
 * client  --ready---not ready---ready---
 * output  --a-b-c---------------d-e|
 * ```
 *
 * ```ts
 * void fromPull(cursor).pipe(map(toRow), toEventSource(res));
 * ```
 *
 * Any synchronous operators may stand between it and the sink, `concat`, `repeat` and `switchMap` too. An asynchronous one
 * breaks the link: do that work in the iterable. Subscribed by anything but a sink, it runs freely. One `fromPull` for
 * each client; do not `share` it.
 *
 * *Backpressure*: it waits with the client; nothing is pulled ahead but the one value that an asynchronous source was asked
 * for. After 5 ms of values it lets the event loop turn.
 *
 * *Errors*: what the source throws, or rejects with. A client that leaves calls `return()`, or `cancel()` of a stream.
 *
 * @param source an iterable, an async iterable or a `ReadableStream`
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export function fromPull<T>(source: Pullable<T>): Observable<T> {
  const begin = pullFrom(source);
  if (begin === undefined) throw invalidOption('source', 'an iterable, an async iterable or a ReadableStream', source);
  return new Observable<T>((subscriber) => {
    const pump = new Pump(subscriber, begin(), demandOf(subscriber as Subscriber<never>));
    subscriber.add(() => pump.stop());
    pump.run();
  });
}

/** One subscription: it pulls and emits while there is demand. */
class Pump<T> {
  readonly #subscriber: Subscriber<T>;
  readonly #pull: Pull<T>;
  readonly #demand: Demand | undefined;
  /** It feeds the client itself: there is nothing between that could subscribe to something because of a value. */
  readonly #isDirect: boolean;
  /** The source has ended or failed, or was told to stop. */
  #ended = false;
  /** The source is being asked. A generator cannot be told to stop from within itself. */
  #isAsking = false;
  #turnEnds = 0;
  /** When the clock was last looked at, how many values come until it is again, and how many these were to be. */
  #lookedAt = 0;
  #left = 0;
  #stride = 1;

  constructor(subscriber: Subscriber<T>, pull: Pull<T>, demand: Demand | undefined) {
    this.#subscriber = subscriber;
    this.#pull = pull;
    this.#demand = demand;
    this.#isDirect = (demand as unknown) === subscriber;
  }

  /** Begins a turn. */
  readonly run = (): void => {
    this.#lookedAt = performance.now();
    this.#turnEnds = this.#lookedAt + budget;
    this.#pullOn();
  };

  stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#isAsking) this.#pull.return();
  }

  /** Pulls until there is no demand, the turn is over, or a value has to be waited for. */
  #pullOn(): void {
    while (!this.#ended) {
      if (this.#demand?.ready === false) {
        this.#demand.whenReady(this.run);
        return;
      }
      if (this.#left === 0 && this.#isLate()) {
        later(this.run);
        return;
      }
      this.#left -= 1;
      let result: IteratorResult<T, unknown> | PromiseLike<IteratorResult<T, unknown>>;
      this.#isAsking = true;
      try {
        result = this.#pull.next();
        if (typeof result !== 'object' || result === null)
          throw new TypeError(`Iterator result ${result} is not an object`);
      } catch (error) {
        this.#fail(error);
        return;
      } finally {
        this.#isAsking = false;
      }
      if ('then' in result) {
        // Also when it has ended: one that fails then must not end the process.
        result.then(this.#arrived, this.#fail);
        if (this.#ended) this.#pull.return();
        return;
      }
      if (!this.#ended) this.#take(result);
      else this.#pull.return();
    }
  }

  /** Whether this turn is over. */
  #isLate(): boolean {
    const now = performance.now();
    this.#stride = now - this.#lookedAt < quick ? Math.min(this.#stride * 2, longestStride) : 1;
    this.#lookedAt = now;
    this.#left = this.#stride;
    return now > this.#turnEnds;
  }

  readonly #arrived = (result: IteratorResult<T, unknown>): void => {
    if (this.#ended) return;
    this.#take(result);
    this.#pullOn();
  };

  readonly #fail = (error: unknown): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.#subscriber.error(error);
  };

  #take(result: IteratorResult<T, unknown>): void {
    if (!result.done) {
      if (this.#isDirect) this.#subscriber.next(result.value);
      else passOn(this.#subscriber, result.value, this.#demand);
      return;
    }
    this.#ended = true;
    passEnd(this.#subscriber, this.#demand);
  }
}
