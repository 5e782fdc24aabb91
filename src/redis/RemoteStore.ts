import { Observable, Subject, type Subscriber, type TeardownLogic } from 'rxjs';
import type { Gap } from '../message.ts';
import { Store } from '../stores/Store.ts';

/** A store whose values come from elsewhere, while somebody is there for them or for its gaps. */
export abstract class RemoteStore<T, Answer> extends Store<T, Answer> {
  /** What says that something may have been lost before it came here. */
  readonly gaps: Observable<Gap>;
  readonly #gaps: Subject<Gap> = new Subject<Gap>();

  constructor() {
    super();
    this.gaps = new Observable((subscriber) => {
      this.#gaps.subscribe(subscriber);
      this.#hold(subscriber);
    });
  }

  override error(error: unknown): void {
    super.error(error);
    this.#gaps.complete();
  }

  override complete(): void {
    super.complete();
    this.#gaps.complete();
  }

  override unsubscribe(): void {
    super.unsubscribe();
    this.#gaps.unsubscribe();
  }

  /** Somebody is there. Each call is followed by one of `letGo`. @internal */
  protected abstract hold(): void;

  /** @internal */
  protected abstract letGo(): void;

  /** Tells those who watch `gaps`. @internal */
  protected missed(gap: Gap): void {
    if (!this.#gaps.closed) this.#gaps.next(gap);
  }

  protected override _subscribe(subscriber: Subscriber<T>): TeardownLogic {
    const subscription = super._subscribe(subscriber);
    this.#hold(subscriber);
    return subscription;
  }

  #hold(subscriber: Subscriber<T> | Subscriber<Gap>): void {
    if (this.isStopped || subscriber.closed) return;
    this.hold();
    subscriber.add(this.#letGo);
  }

  readonly #letGo = (): void => this.letGo();
}
