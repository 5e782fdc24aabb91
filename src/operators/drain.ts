import { Observable, Subscriber } from 'rxjs';
import { TornadoseError } from '../errors.ts';
import { dataOf, isNotice, mergedWith } from '../message.ts';
import type { BackpressureOperator, Outlet } from './BackpressureOperator.ts';
import { type Hold, type Items, known, type Waiting } from './Waiting.ts';

/**
 * The one drain loop of all strategies, as an operator: while ready, values pass; while not, they go to what waits;
 * when ready again, what waits goes first. The source's end is passed on after what waits, so that nothing is lost.
 */
export function drain<T>(hold: Hold, wantsAll = false): BackpressureOperator<T> {
  return known(
    (ready, outlet = alone) =>
      (source) =>
        new Observable<T>((subscriber) => {
          const gate = new Gate(subscriber, () => hold(itemsOf(outlet)));
          subscriber.add(ready.subscribe((now) => gate.turn(now)));
          // Made before it subscribes, so that a client that leaves stops a source that emits while it is subscribed.
          source.subscribe(gate);
        }),
    { hold, wantsAll },
  );
}

class Gate<T> extends Subscriber<T> {
  readonly #subscriber: Subscriber<T>;
  readonly #hold: () => Waiting<T>;
  #waiting: Waiting<T> | undefined;
  #ready = true;
  #draining = false;
  #end: (() => void) | undefined;

  constructor(subscriber: Subscriber<T>, hold: () => Waiting<T>) {
    // Not the destination of this one, which lets go of the source when that ends, though values may wait.
    super();
    subscriber.add(this);
    this.#subscriber = subscriber;
    this.#hold = hold;
  }

  turn(ready: boolean): void {
    this.#ready = ready;
    if (ready) this.#drain();
  }

  protected override _next(value: T): void {
    if (this.#ready && !this.#draining && !this.#waiting?.size) {
      this.#subscriber.next(value);
      return;
    }
    try {
      this.#waiting ??= this.#hold();
      this.#waiting.push(value);
    } catch (error) {
      if (!TornadoseError.is(error, 'ERR_OVERFLOW')) {
        // What the application's own function threw ends the stream as an error of the source does.
        this.error(error);
        return;
      }
      this.unsubscribe();
      this.#subscriber.error(error);
    }
  }

  protected override _error(error: unknown): void {
    this.unsubscribe();
    this.#end = () => this.#subscriber.error(error);
    this.#drain();
  }

  protected override _complete(): void {
    this.unsubscribe();
    this.#end = () => this.#subscriber.complete();
    this.#drain();
  }

  #drain(): void {
    // Emitting may turn the client unready, or ready again, before it returns.
    if (this.#draining) return;
    this.#draining = true;
    while (this.#ready && this.#waiting?.size && !this.#subscriber.closed) {
      this.#subscriber.next(this.#waiting.shift());
    }
    this.#draining = false;
    if (!this.#waiting?.size) this.#end?.();
  }
}

/** An operator that is used without a sink: sizes are unknown, and nobody asks what was dropped. */
const alone: Outlet<unknown> = { bytesOf: () => 0, waiting: 0, dropped: () => {} };

function itemsOf<T>(outlet: Outlet<T>): Items<T> {
  return {
    bytesOf: (value) => outlet.bytesOf(value),
    get waiting() {
      return outlet.waiting;
    },
    dropped: (value, why) => outlet.dropped(value, why),
    dataOf,
    merged: (held, incoming, data) => mergedWith(held, incoming, data) as T,
    isNotice,
  };
}
