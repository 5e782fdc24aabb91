import { map, type OperatorFunction } from 'rxjs';
import { Gap, type Message, withData } from '../message.ts';

/**
 * `map` for the `data` of messages: event, id and retry stay, and a `Gap` passes as it is.
 *
 * ```
 * source  -{1, id: a}--gap--{2, id: b}-|
 *         mapData((x) => x * 10)
 * output  -{10, id: a}-gap-{20, id: b}-|
 * ```
 *
 * ```ts
 * messages.pipe(mapData((order) => order.total), toEventSource(res));
 * ```
 *
 * *Errors*: what `fn` throws is the stream's error.
 */
export function mapData<T, R>(fn: (data: T) => R): OperatorFunction<Message<T> | Gap, Message<R> | Gap> {
  return map((message) =>
    message instanceof Gap ? message : (withData(message, fn((message as Message<T>).data)) as Message<R>),
  );
}
