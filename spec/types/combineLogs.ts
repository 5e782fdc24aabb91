/* Checked by `tsc -p .`; nothing here is run. */

import type { ServerResponse } from 'node:http';
import { expectTypeOf } from 'expect-type';
import type { Observable } from 'rxjs';
import {
  combineLogs,
  DataStore,
  filterData,
  Gap,
  type Log,
  Message,
  QueueStore,
  snapshotThen,
  toEventSource,
} from 'tornadose';

interface Tick {
  readonly symbol: string;
  readonly price: number;
}

declare const res: ServerResponse;
declare const chat: Log<Message<{ readonly text: string }>>;
const prices = new QueueStore<Tick>();
const news = new QueueStore<string | Gap>();

/* combineLogs */

const both = combineLogs({ prices, news });
expectTypeOf(both).toEqualTypeOf<Log<Tick | string>>();
expectTypeOf(both.since()).toEqualTypeOf<Observable<Message<Tick | string> | Gap>>();
expectTypeOf(combineLogs({ prices, chat })).toEqualTypeOf<Log<Tick | { readonly text: string }>>();
expectTypeOf(both.since).parameter(1).toExtend<{ otherwise?: 'live' | 'earliest' | undefined } | undefined>();
expectTypeOf(combineLogs({} as Record<string, Log<number>>)).toEqualTypeOf<Log<number>>();

interface Topics {
  readonly prices: QueueStore<Tick>;
}
declare const topics: Topics;
expectTypeOf(combineLogs(topics)).toEqualTypeOf<Log<Tick>>();

void both.since().pipe(
  filterData((data) => typeof data === 'string' || data.price > 1),
  toEventSource(res),
);
// @ts-expect-error: a filter that would lose a gap
both.since().pipe(filterData((data) => data.price > 1));
// @ts-expect-error: not a log
combineLogs({ latest: new DataStore(1) });
// @ts-expect-error: an observable is not a log
combineLogs({ prices: prices.since() });
// @ts-expect-error: it is read only
both.next(1);

/* snapshotThen */

expectTypeOf(snapshotThen(prices, async () => [1])).toEqualTypeOf<Observable<number[] | Tick>>();
expectTypeOf(snapshotThen(prices, () => 'all')).toEqualTypeOf<Observable<string | Tick>>();
expectTypeOf(snapshotThen(prices, () => news)).toEqualTypeOf<Observable<string | Gap | Tick>>();
expectTypeOf(
  snapshotThen(prices.since(), async (signal) => {
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    return new Message({ event: 'all', data: [1] });
  }),
).toEqualTypeOf<Observable<Message<number[]> | Message<Tick> | Gap>>();
void snapshotThen(both.since(), () => new Message({ data: 1 })).pipe(toEventSource(res));
// @ts-expect-error: a promise that is there already is of a snapshot from before
snapshotThen(prices, Promise.resolve(1));
// @ts-expect-error: misspelt
snapshotThen(prices, () => 1, { maxcount: 1 });
void Gap;
