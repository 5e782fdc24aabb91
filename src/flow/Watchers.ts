import { Observable, type Subscriber } from 'rxjs';
import { reportConnection, reportDrop, warnUnwatched } from '../diagnostics.ts';
import { later } from '../later.ts';
import type { CloseEvent, CloseReason, ConnectionEvent, DropEvent } from './ConnectionEvent.ts';
import { DropTally } from './DropTally.ts';
import { countConnection } from './openConnections.ts';

/**
 * What `pipe(toEventSource(res))` returns: the connection as its owner sees it. It remembers `open`, the drop totals and
 * `close` for those who come later; the delivery does not depend on it.
 */
export class Watchers extends Observable<ConnectionEvent> {
  readonly #sink: string;
  #subscribers: Subscriber<ConnectionEvent>[] | undefined;
  #opened = false;
  #totals: DropTally | undefined;
  #close: CloseEvent | undefined;

  constructor(sink: string) {
    super(watch);
    this.#sink = sink;
  }

  /** Called by RxJS for each who subscribes. */
  add(subscriber: Subscriber<ConnectionEvent>): void {
    this.#subscribers ??= [];
    if (this.#opened) subscriber.next({ type: 'open' });
    for (const event of this.#totals?.events() ?? []) subscriber.next(event);
    if (this.#close !== undefined) {
      subscriber.next(this.#close);
      subscriber.complete();
      return;
    }
    this.#subscribers.push(subscriber);
    subscriber.add(() => {
      this.#subscribers = this.#subscribers?.filter((each) => each !== subscriber);
    });
  }

  opened(): void {
    this.#opened = true;
    countConnection(this.#sink, 1);
    const event: ConnectionEvent = { type: 'open' };
    reportConnection(this.#sink, event);
    this.#tell(event);
  }

  dropped(event: DropEvent): void {
    this.#totals ??= new DropTally();
    this.#totals.add(event.reason, event.count, event.bytes);
    reportDrop(this.#sink, event);
    this.#tell(event);
  }

  /** The last event. `ofSource` says that the error is the application's own, which somebody should learn of. */
  closed(reason: CloseReason, error: unknown, ofSource: boolean): void {
    this.#close = error === undefined ? { type: 'close', reason } : { type: 'close', reason, error };
    if (this.#opened) countConnection(this.#sink, -1);
    reportConnection(this.#sink, this.#close);
    this.#tell(this.#close);
    for (const subscriber of [...(this.#subscribers ?? [])]) subscriber.complete();
    // Decided one turn later: a source may fail before the application had a chance to watch.
    if (ofSource) later(() => this.#subscribers === undefined && warnUnwatched(error));
  }

  #tell(event: ConnectionEvent): void {
    // A copy: one that begins to watch meanwhile has been told already.
    for (const subscriber of [...(this.#subscribers ?? [])]) subscriber.next(event);
  }
}

/** One function for all connections: RxJS calls it with the Observable as `this`. */
function watch(this: Observable<ConnectionEvent>, subscriber: Subscriber<ConnectionEvent>): void {
  (this as Watchers).add(subscriber);
}
