import { isObservable, Observable, type Subscriber } from 'rxjs';
import { checkNames, integer, invalidOption } from '../options.ts';
import { demandOf } from '../pull/demand.ts';
import { Changes, type LoadSnapshot } from './Changes.ts';

export type { LoadSnapshot } from './Changes.ts';

/** Options of {@link snapshotThen}. */
export interface SnapshotThenOptions {
  /** How many values of `live` may be held while the snapshot loads. @defaultValue 10 000 */
  readonly maxCount?: number | undefined;
}

/**
 * A snapshot, and then what has changed since, without a hole: it subscribes to `live` first, and loads then.
 *
 * ```
 * live                     --a--b-----c--d-|
 * load                     ------S
 * snapshotThen(live, load) ------(Sab)c--d-|
 * ```
 *
 * ```ts
 * const position = lastEventId(req);
 * const changes = orders.since(position);
 * const load = async (signal: AbortSignal) => new Message({ event: 'all', data: await allOrders(signal) });
 * void (position === undefined ? snapshotThen(changes, load) : changes).pipe(toEventSource(res));
 * ```
 *
 * A change that comes while the snapshot loads may be in it already. So a change must be such that applying it again does
 * no harm ("order 7 costs 12"), or carry a version by which the page knows.
 *
 * *Positions*: the client is told of none before it has the snapshot, and a snapshot that is a `Message` without an id gets
 * the one at which `live` began, so that one who is cut right after it comes back for the changes alone. One who comes back
 * to a `Gap` is to begin again, without a position. A strategy that replaces what waits would replace the snapshot as well.
 *
 * *Backpressure*: a `live` that can wait (`log.since`, `fromPull`) waits in its place until the snapshot is there, and then
 * for the client, if only synchronous operators are between. Anything else is held, up to `maxCount`, as references to what
 * was emitted.
 *
 * *Redis*: `live` has to be listening when `load` is called. A stream's `since` says when it is; a `RedisStore` is once
 * somebody has subscribed to it for longer.
 *
 * *Errors*: those of `live`, at once; what `load` throws or rejects with; `ERR_OVERFLOW` when too much is held, and the
 * client comes back and begins again. With each subscription it begins anew, so `retry` works.
 *
 * @param live the changes
 * @param load called once for each client, with a signal that aborts when the client leaves or `live` fails meanwhile.
 *   A function, since a promise that is there already is of a snapshot from before
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export function snapshotThen<T, S>(
  live: Observable<T>,
  load: LoadSnapshot<S>,
  options: SnapshotThenOptions = {},
): Observable<S | T> {
  if (!isObservable(live)) throw invalidOption('live', 'an Observable', live);
  if (typeof load !== 'function') throw invalidOption('load', 'a function that gives a snapshot', load);
  checkNames('snapshotThen', options, ['maxCount']);
  const maxCount = integer('maxCount', options.maxCount, 10_000);
  return new Observable<S | T>((subscriber) => {
    const changes = new Changes<S, T>(subscriber, demandOf(subscriber as Subscriber<never>), load, maxCount);
    subscriber.add(changes);
    subscriber.add(() => changes.abort());
    live.subscribe(changes);
    changes.subscribed();
  });
}
