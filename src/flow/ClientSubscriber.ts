import { Subscriber, type Subscription, type TeardownLogic } from 'rxjs';

/**
 * A Subscriber with one source. RxJS keeps what is to be unsubscribed in an array, whose first entry takes 180 bytes,
 * and a client has just the one.
 */
export abstract class ClientSubscriber<T> extends Subscriber<T> {
  #source: { readonly closed?: boolean; unsubscribe(): void } | undefined;

  override add(teardown: TeardownLogic): void {
    const isFull = this.#source !== undefined && this.#source.closed !== true;
    if (this.closed || isFull || teardown === this || !hasUnsubscribe(teardown)) super.add(teardown);
    else this.#source = teardown;
  }

  override remove(teardown: Exclude<TeardownLogic, void>): void {
    if (teardown === this.#source) this.#source = undefined;
    else super.remove(teardown);
  }

  override unsubscribe(): void {
    const source = this.#source;
    this.#source = undefined;
    try {
      super.unsubscribe();
    } finally {
      source?.unsubscribe();
    }
  }
}

function hasUnsubscribe(teardown: TeardownLogic): teardown is Subscription {
  return typeof teardown === 'object' && teardown !== null && typeof teardown.unsubscribe === 'function';
}
