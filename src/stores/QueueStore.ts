import type { Observable, Observer } from 'rxjs';
import type { Emission } from '../encoding/Emission.ts';
import type { DataOf, Gap, Message } from '../message.ts';
import { checkNames } from '../options.ts';
import type { HistoryOptions } from './History.ts';
import type { Log, SinceOptions } from './Log.ts';
import { MemoryLog } from './MemoryLog.ts';
import { Store } from './Store.ts';

/** Options of {@link QueueStore}. */
export interface QueueStoreOptions {
  /** What is retained for clients that come back: the last 1 000 messages within 8 MiB, if not told otherwise. */
  readonly history?: HistoryOptions | undefined;
}

/**
 * Delivers every value, in order, to the clients that are there: a newcomer sees what comes from now on.
 *
 * ```ts
 * const chat = new QueueStore<Line>();
 * chat.pipe(filter((line) => line.room === room), toWebSocket(ws));
 * chat.next({ room: 'lobby', text: 'hello' });
 * ```
 *
 * *Promise*: each client gets the contiguous run of values between its coming and its leaving, but for what its own
 * operators and strategy let go, which is reported.
 *
 * A client of `since` that was away has all that came meanwhile, or a `Gap` that says what it may have missed: see
 * {@link Log}. What is retained is the JSON of each value, so a `Date` comes back as a text.
 *
 * ```ts
 * void chat.since(lastEventId(req)).pipe(toEventSource(res));
 * ```
 *
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export class QueueStore<T> extends Store<T> implements Log<T> {
  readonly #log: MemoryLog;

  constructor(options: QueueStoreOptions = {}) {
    super();
    checkNames('QueueStore', options, ['history']);
    this.#log = new MemoryLog(options.history ?? {});
  }

  submit(value: T): void {
    this.emit(value);
  }

  since(position?: string, options?: SinceOptions): Observable<Message<DataOf<T>> | Gap> {
    return this.#log.since(position, options) as Observable<Message<DataOf<T>> | Gap>;
  }

  override get observed(): boolean {
    return super.observed || this.#log.observed;
  }

  override unsubscribe(): void {
    super.unsubscribe();
    this.#log.finish(() => {});
  }

  protected override emitting(emission: Emission): void {
    this.#log.append(emission);
  }

  protected override ended(tell: (observer: Pick<Observer<unknown>, 'error' | 'complete'>) => void): void {
    this.#log.finish(tell);
  }
}
