import { Subscriber } from 'rxjs';
import type { ClientEnd, Demand } from '../pull/demand.ts';

/** What a source is told, and told of. */
export interface Receiver {
  receive(value: unknown): void;
  sourceCompleted(): void;
  sourceFailed(error: unknown): void;
}

/**
 * The Subscriber at the end of a client's operators. It is made before it subscribes, because a source may emit, end or
 * fail while it is subscribed; and it never throws, because RxJS would take that for the store's other clients too.
 */
export class Inlet<T> extends Subscriber<T> implements ClientEnd {
  readonly #receiver: Receiver & Demand;

  constructor(receiver: Receiver & Demand) {
    super();
    this.#receiver = receiver;
  }

  /** A source that can wait finds it here. */
  get demandOfClient(): Demand {
    return this.#receiver;
  }

  /** In place of `_next`: one call less for each event of each client. */
  override next(value: T): void {
    if (this.isStopped) return;
    try {
      this.#receiver.receive(value);
    } catch (error) {
      this.error(error);
    }
  }

  protected override _error(error: unknown): void {
    this.unsubscribe();
    this.#receiver.sourceFailed(error);
  }

  protected override _complete(): void {
    this.unsubscribe();
    this.#receiver.sourceCompleted();
  }
}
