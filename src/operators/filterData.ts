import { filter, type OperatorFunction } from 'rxjs';
import { Gap, type Message } from '../message.ts';

/**
 * `filter` for the `data` of messages: a `Gap` always passes, because a filter that loses it makes a silent hole.
 *
 * ```
 * source  -{1}--gap--{2}-|
 *         filterData((x) => x > 1)
 * output  ------gap--{2}-|
 * ```
 *
 * ```ts
 * messages.pipe(filterData((order) => order.total > 100), toEventSource(res));
 * ```
 *
 * *Errors*: what `predicate` throws is the stream's error.
 */
export function filterData<T>(predicate: (data: T) => boolean): OperatorFunction<Message<T> | Gap, Message<T> | Gap> {
  return filter((message) => message instanceof Gap || predicate((message as Message<T>).data));
}
