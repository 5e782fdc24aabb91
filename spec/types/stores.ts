/* Checked by `tsc -p .`; nothing here is run. */
import { expectTypeOf } from 'expect-type';
import { interval, map, type Observable, type Observer, type Subject, type Subscription } from 'rxjs';
import { type DataOf, DataStore, Gap, Message, QueueStore, Store, TornadoseError } from 'tornadose';

interface Tick {
  readonly symbol: string;
  readonly price: number;
}

/* DataStore */

expectTypeOf(new DataStore(21.5)).toEqualTypeOf<DataStore<number, number>>();
expectTypeOf(new DataStore(21.5).data).toEqualTypeOf<number>();
expectTypeOf(new DataStore<Tick>().data).toEqualTypeOf<Tick | undefined>();
expectTypeOf(new DataStore<Tick | null>(null).data).toEqualTypeOf<Tick | null>();
expectTypeOf(new DataStore().data).toEqualTypeOf<unknown>();
expectTypeOf(new DataStore<Tick>()).toExtend<Store<Tick>>();
expectTypeOf(new DataStore<Tick>()).toExtend<Subject<Tick>>();
expectTypeOf(new DataStore<Tick>()).toExtend<Observable<Tick>>();
expectTypeOf(new DataStore<Tick>()).toExtend<Observer<Tick>>();
expectTypeOf(new DataStore<Tick>().submit).returns.toEqualTypeOf<void>();
expectTypeOf(new DataStore<Tick>().close).returns.toEqualTypeOf<Promise<void>>();

const temperature = new DataStore(21.5);
temperature.data = 22;
// @ts-expect-error: not a number
temperature.data = 'warm';
// @ts-expect-error: not a number
temperature.next('warm');
// @ts-expect-error: a value is missing
temperature.next();
// @ts-expect-error: not a number
temperature.submit(undefined);
// @ts-expect-error: the initial value is of another type
new DataStore<number>('warm');
// @ts-expect-error: one initial value is enough
new DataStore(1, 2);

const unset = new DataStore<number>();
unset.data = 1;
// @ts-expect-error: undefined is what it has before it has a value, and no value
unset.data = undefined;

/* QueueStore */

const queue = new QueueStore<Tick>();
expectTypeOf(queue).toExtend<Store<Tick>>();
expectTypeOf(queue.pipe(map(({ price }) => price))).toEqualTypeOf<Observable<number>>();
expectTypeOf(queue.feed).parameter(0).toEqualTypeOf<Observable<Tick>>();
expectTypeOf(queue.feed).returns.toEqualTypeOf<Subscription>();
expectTypeOf(queue.submit).parameter(0).toEqualTypeOf<Tick>();
expectTypeOf(interval(1000).subscribe(new QueueStore<number>())).toEqualTypeOf<Subscription>();
// @ts-expect-error: numbers are no ticks
interval(1000).subscribe(queue);
// @ts-expect-error: numbers are no ticks
queue.feed(interval(1000));
// @ts-expect-error: a field is missing
queue.next({ symbol: 'a' });

/* Store */

// @ts-expect-error: it is abstract
new Store<number>();

class PromisingStore extends Store<number, Promise<string>> {
  async submit(value: number): Promise<string> {
    this.emit(value);
    return `${value}`;
  }
}
expectTypeOf(new PromisingStore().submit).returns.toEqualTypeOf<Promise<string>>();
expectTypeOf(new PromisingStore().next).returns.toEqualTypeOf<void>();
expectTypeOf(new PromisingStore()).toExtend<Store<number, unknown>>();
// @ts-expect-error: only the store itself delivers
new PromisingStore().emit(1);

// @ts-expect-error: `submit` is missing
class SilentStore extends Store<number> {}
void SilentStore;

/* Messages */

expectTypeOf(new Message({ data: 1 })).toEqualTypeOf<Message<number>>();
expectTypeOf(new Message({ data: 1, id: '1' }).data).toEqualTypeOf<number>();
expectTypeOf(new Gap({ reason: 'trimmed' }).event).toEqualTypeOf<'gap'>();
expectTypeOf<DataOf<Message<Tick> | Gap>>().toEqualTypeOf<Tick>();
expectTypeOf<DataOf<Tick>>().toEqualTypeOf<Tick>();
expectTypeOf<DataOf<Tick | Message<string>>>().toEqualTypeOf<Tick | string>();
// @ts-expect-error: data is missing
new Message({ event: 'a' });
// @ts-expect-error: misspelt
new Message({ data: 1, evnt: 'a' });
// @ts-expect-error: an id is text
new Message({ data: 1, id: 1 });
// @ts-expect-error: not a reason
new Gap({ reason: 'because' });
// @ts-expect-error: a message is immutable
new Message({ data: 1 }).data = 2;

/* Errors */

const error: unknown = undefined;
if (TornadoseError.is(error, 'ERR_OVERFLOW')) {
  expectTypeOf(error.limit).toEqualTypeOf<number>();
  expectTypeOf(error.unit).toEqualTypeOf<'bytes' | 'events'>();
  // @ts-expect-error: a fact of another code
  void error.option;
}
// @ts-expect-error: there is no such code
TornadoseError.is(error, 'ERR_NOTHING');
// @ts-expect-error: a fact is missing
new TornadoseError('ERR_OVERFLOW', 'too much', { limit: 1, unit: 'bytes' });
