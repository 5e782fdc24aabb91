import { Store } from './Store.ts';

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
 */
export class QueueStore<T> extends Store<T> {
  submit(value: T): void {
    this.emit(value);
  }
}
