import type { Observable } from 'rxjs';
import type { DataOf, Gap, Message } from '../message.ts';

/** Options of {@link Log.since}. */
export interface SinceOptions {
  /**
   * Where to begin without a position, and where to go on after a `Gap`: with what comes from now on, or with the earliest
   * that is retained. @defaultValue 'live'
   */
  readonly otherwise?: 'live' | 'earliest' | undefined;
}

/** What clients resume from. */
export interface Log<T> {
  /**
   * Everything after a position, and then what comes: no gap, no duplicate, no reordering.
   *
   * ```
   * log     --1--2--3-----4--
   * since(1)       (2-3)--4--
   * ```
   *
   * ```ts
   * createServer((req, res) => {
   *   void orders.since(lastEventId(req)).pipe(toEventSource(res));
   * });
   * ```
   *
   * Each message has the id to come back with. Where the position cannot be honoured the first message is a `Gap` that
   * says why (`trimmed`, `expired`, `unknown-epoch`, `malformed`), and so is the one at which a client that does not keep
   * up was overtaken (`too-far-behind`): never a silent hole.
   *
   * It is pulled by the client's demand: one that cannot take more is a place in the log, and not a queue.
   *
   * @param position what `lastEventId` returns: untrusted, of any form
   */
  since(position?: string, options?: SinceOptions): Observable<Message<DataOf<T>> | Gap>;
}
