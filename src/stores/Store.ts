import {
  ObjectUnsubscribedError,
  type Observable,
  type Observer,
  Subject,
  type Subscriber,
  Subscription,
  type TeardownLogic,
} from 'rxjs';
import { reportError, warnUnwatched } from '../diagnostics.ts';
import { Emission } from '../encoding/Emission.ts';
import { invalidOption } from '../options.ts';
import { Audience } from './Audience.ts';
import { Deliveries } from './Deliveries.ts';

/** The half of `Subject` that its declarations leave out and that its subclasses build on, BehaviorSubject among them. */
const subscribeToSubject = (Subject.prototype as unknown as { _subscribe(subscriber: unknown): TeardownLogic })
  ._subscribe;

/**
 * What is published to, and what sinks are piped from: an RxJS Subject with one order for all of its observers, whose
 * values are encoded once for all of its clients. Extend it to make a store of your own:
 *
 * ```ts
 * class LoudStore<T> extends Store<T> {
 *   submit(value: T): void {
 *     console.log('published', value);
 *     this.emit(value);
 *   }
 * }
 * ```
 *
 * An implementation **must** call `emit` for each value that its observers are to see, from `submit` or at any later time,
 * and **may** give `submit` an answer, which may be a promise. It **must** override `release` when it holds a
 * connection, timer or listener.
 *
 * *Order*: `next`, `error` and `complete` share one queue. Called from within a delivery they return before theirs, and
 * every observer sees the same order. More than 10 000 such calls in a row throw `ERR_REENTRANT`.
 *
 * *End*: `complete` and `error` are terminal. Open clients end, and new ones are answered 204 or 500.
 */
export abstract class Store<T, Answer = void> extends Subject<T> {
  readonly #deliveries = new Deliveries();
  readonly #audience = new Audience<T>();
  readonly #feeds = new Subscription();
  #closing: Promise<void> | undefined;
  #isEnding = false;

  constructor() {
    super();
    // Where a Subject has its list: `error` and `complete` of RxJS take it from there, and so may others.
    Object.defineProperty(this, 'observers', { get: () => this.#audience.observers, set: () => {} });
  }

  /** Publishes a value, with the store's answer: nothing, an id, or a promise of it. */
  abstract submit(value: T): Answer;

  /** Publishes a value. A store whose `submit` promises an answer reports a failure on `tornadose:error`. */
  override next(value: T): void {
    const answer: unknown = this.submit(value);
    if (answer instanceof Promise) answer.catch((error) => reportError('publish', error));
  }

  /** Ends the store and its clients with an error. */
  override error(error: unknown): void {
    this.#deliveries.add(() => {
      this.#feeds.unsubscribe();
      super.error(error);
      this.#audience.clear();
      this.ended((observer) => observer.error(error));
    });
    this.#isEnding = true;
  }

  /** Ends the store and its clients. */
  override complete(): void {
    this.#deliveries.add(() => {
      this.#feeds.unsubscribe();
      super.complete();
      this.#audience.clear();
      this.ended((observer) => observer.complete());
    });
    this.#isEnding = true;
  }

  /** Drops the observers without a word, as a Subject does, and the feeds. `close` is what one usually wants. */
  override unsubscribe(): void {
    this.#feeds.unsubscribe();
    this.#audience.clear();
    super.unsubscribe();
  }

  /**
   * Publishes the values of `source`, not its end: several sources may feed one store, which outlives them.
   * An error of the source is reported on `tornadose:error` and, as nobody else would learn of it, as a process warning.
   *
   * ```ts
   * const subscription = store.feed(interval(1000));
   * ```
   */
  feed(source: Observable<T>): Subscription {
    if (typeof source?.subscribe !== 'function') throw invalidOption('source', 'an Observable', source);
    const feeding = source.subscribe({
      next: (value) => this.next(value),
      error: (error) => {
        reportError('feed', error);
        warnUnwatched(error);
      },
    });
    this.#feeds.add(feeding);
    return feeding;
  }

  /** Ends the clients, and releases every connection, timer and listener that the store made. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      try {
        // A Subject that was unsubscribed has no clients left, and would throw.
        if (!this.closed) this.complete();
      } finally {
        await this.release();
      }
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Whether anybody is there. */
  override get observed(): boolean {
    return this.#audience.size > 0;
  }

  /** Whether nothing more is accepted: it has ended, or will when what waits has been delivered. */
  protected get isEnding(): boolean {
    return this.#isEnding || this.isStopped;
  }

  /** Delivers a value to all observers, in its turn. */
  protected emit(value: T): void {
    this.#deliveries.add(() => {
      if (this.closed) throw new ObjectUnsubscribedError();
      if (this.isStopped) return;
      const emission = new Emission(value);
      this.emitting(emission);
      emission.run(this.#audience);
    });
  }

  /**
   * Called with each emission before it is delivered. A store that gives newcomers something to begin with keeps it, as
   * the values in it are encoded already.
   */
  protected emitting(_emission: Emission): void {}

  /** Called when it has ended, with how to tell observers of one's own. */
  protected ended(_tell: (observer: Pick<Observer<unknown>, 'error' | 'complete'>) => void): void {}

  /** What a newcomer sees first, if anything: an emission that was kept. The newcomer is registered and gets all that follows. */
  protected welcome(): Emission | undefined {
    return undefined;
  }

  /** Lets go of what the store holds. Called once, by `close`. */
  protected release(): void | Promise<void> {}

  /** RxJS's hook for subclasses of Subject: called for each observer, whichever operators are between. */
  protected _subscribe(subscriber: Subscriber<T>): TeardownLogic {
    if (this.isStopped) return subscribeToSubject.call(this, subscriber);
    const seat = this.#audience.join(subscriber);
    const emission = this.welcome();
    if (emission !== undefined && !subscriber.closed) {
      // What the newcomer publishes when it sees this comes after it, for itself too.
      this.#deliveries.now(() => emission.run(subscriber));
    }
    return seat;
  }
}
