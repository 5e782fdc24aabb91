import type { Subscriber } from 'rxjs';

/** Whether a client can take more: what a source that can wait asks before each value. */
export interface Demand {
  readonly ready: boolean;
  /** Calls `resume` once, when the client can take more again. */
  whenReady(resume: () => void): void;
  /** Writes what there is now, and not at the end of the tick: of the time of whoever has brought it, and not of what comes live. */
  writeNow?(): void;
  /** Takes note of where the client stands, for one that gets nothing for long; with `tell`, it is sent at once. */
  follow?(position: () => string, tell: boolean): void;
  /** Where the client stands is not known yet: `follow` is called as soon as it is. */
  followLater?(): void;
}

/** The Subscriber at the end of a client's operators. */
export interface ClientEnd {
  readonly demandOfClient: Demand;
}

let offered: Demand | undefined;

/** Offers `demand` to what is subscribed until it is put back: `const outer = offer(demand); try { … } finally { offer(outer); }`. */
export function offer(demand: Demand | undefined): Demand | undefined {
  const outer = offered;
  offered = demand;
  return outer;
}

/** Passes a value on to a client: what is subscribed because of it (`switchMap`) is for the same one. */
export function passOn<T>(subscriber: Subscriber<T>, value: T, demand: Demand | undefined): void {
  const outer = offer(demand);
  try {
    subscriber.next(value);
  } finally {
    offer(outer);
  }
}

/** Passes the end on to a client: what is subscribed because of it (`concat`, `repeat`) is for the same one. */
export function passEnd(subscriber: Subscriber<never>, demand: Demand | undefined): void {
  const outer = offer(demand);
  try {
    subscriber.complete();
  } finally {
    offer(outer);
  }
}

/**
 * The demand of the client that `subscriber` feeds. RxJS's operators lead to it from Subscriber to Subscriber, also when
 * one of them subscribes late (`switchMap`); through an operator of another make it is the one on offer, if any is.
 */
export function demandOf(subscriber: Subscriber<never>): Demand | undefined {
  let next: unknown = subscriber;
  while (typeof next === 'object' && next !== null) {
    if ('demandOfClient' in next) return (next as ClientEnd).demandOfClient;
    // A part of RxJS that its declarations keep from others. Without it, what is on offer is all there is.
    next = 'destination' in next ? next.destination : undefined;
  }
  return offered;
}
