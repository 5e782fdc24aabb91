/* Checked by `tsc -p .`; nothing here is run. */
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { expectTypeOf } from 'expect-type';
import { filter, map, merge, type Observable, of } from 'rxjs';
import {
  type BackpressureOperator,
  type ConnectionEvent,
  DataStore,
  type Encoder,
  filterData,
  Gap,
  type Message,
  mapData,
  onBackpressureBuffer,
  onBackpressureDrop,
  onBackpressureLatest,
  onBackpressureReduce,
  QueueStore,
  type Transport,
  toEventSource,
  toResponse,
  toSink,
  toWebSocket,
} from 'tornadose';
import type { WebSocket } from 'ws';

interface Tick {
  readonly symbol: string;
  readonly price: number;
}

declare const res: ServerResponse;
declare const res2: Http2ServerResponse;
declare const ws: WebSocket;
declare const request: Request;
declare const transport: Transport;
declare const encoder: Encoder;
const ticks = new QueueStore<Tick>();
const messages = new QueueStore<Message<Tick> | Gap>();

/* The real objects fit, without a cast */

expectTypeOf(ticks.pipe(toEventSource(res))).toEqualTypeOf<Observable<ConnectionEvent>>();
expectTypeOf(ticks.pipe(toEventSource(res2))).toEqualTypeOf<Observable<ConnectionEvent>>();
expectTypeOf(ticks.pipe(toWebSocket(ws))).toEqualTypeOf<Observable<ConnectionEvent>>();
expectTypeOf(ticks.pipe(toSink(transport, encoder))).toEqualTypeOf<Observable<ConnectionEvent>>();
expectTypeOf(toResponse(ticks, request)).toEqualTypeOf<Response>();
ticks.pipe(
  filter(({ price }) => price > 1),
  map(({ price }) => price.toFixed(2)),
  toEventSource(res),
);
new DataStore<number>().pipe(
  map((x) => x.toFixed(3)),
  toEventSource(res),
);

/* What a strategy sees is inferred */

ticks.pipe(toEventSource(res, { backpressure: onBackpressureLatest({ key: (tick) => tick.symbol }) }));
ticks.pipe(toEventSource(res2, { backpressure: onBackpressureLatest({ key: (tick) => tick.symbol }) }));
ticks.pipe(toWebSocket(ws, { backpressure: onBackpressureLatest({ key: (tick) => tick.symbol }) }));
ticks.pipe(toSink(transport, encoder, { backpressure: onBackpressureLatest({ key: (tick) => tick.symbol }) }));
toResponse(ticks, request, { backpressure: onBackpressureLatest({ key: (tick) => tick.symbol }) });
messages.pipe(toEventSource(res, { backpressure: onBackpressureLatest({ key: (tick) => tick.symbol }) }));
ticks.pipe(
  map(({ price }) => price),
  toEventSource(res, { backpressure: onBackpressureReduce((sum, price) => sum + price) }),
);
messages.pipe(
  mapData(({ price }) => price),
  toEventSource(res, { backpressure: onBackpressureReduce((sum, price) => sum + price) }),
);
for (const backpressure of [onBackpressureBuffer<Tick>(), onBackpressureDrop<Tick>(), onBackpressureLatest<Tick>()]) {
  expectTypeOf(backpressure).toEqualTypeOf<BackpressureOperator<Tick>>();
  ticks.pipe(toEventSource(res, { backpressure }));
}
const sameForAll = onBackpressureBuffer({ maxBytes: 1000, overflow: 'dropOldest' });
void sameForAll;

ticks.pipe(toEventSource(res, { serialize: ({ symbol, price }) => `${symbol} ${price}` }));
messages.pipe(toWebSocket(ws, { serialize: ({ symbol }) => symbol }));

/* Operators for messages keep the gap */

expectTypeOf(messages.pipe(mapData(({ price }) => price))).toEqualTypeOf<Observable<Message<number> | Gap>>();
expectTypeOf(messages.pipe(filterData(({ price }) => price > 1))).toEqualTypeOf<Observable<Message<Tick> | Gap>>();
expectTypeOf(merge(ticks, of(new Gap({ reason: 'disconnected' })))).toEqualTypeOf<Observable<Tick | Gap>>();

/* Misuse is refused */

// @ts-expect-error: a tick has no such field
ticks.pipe(toEventSource(res, { backpressure: onBackpressureLatest({ key: (tick) => tick.name }) }));
// @ts-expect-error: a filter that takes every message for one of ticks would lose the gaps
messages.pipe(filter(({ data }) => data.price > 1));
// @ts-expect-error: misspelt
ticks.pipe(toEventSource(res, { hartbeat: 1000 }));
// @ts-expect-error: a socket is no response
ticks.pipe(toEventSource(ws));
// @ts-expect-error: a response is no socket
ticks.pipe(toWebSocket(res));
// @ts-expect-error: a response comes after the request
toResponse(ticks, res);
// @ts-expect-error: no operator, but its making
ticks.pipe(toEventSource(res, { backpressure: onBackpressureLatest }));
// @ts-expect-error: a name of a policy that there is not
onBackpressureBuffer({ overflow: 'drop' });
// @ts-expect-error: a text is no number
onBackpressureBuffer({ maxBytes: '1 MiB' });
// @ts-expect-error: there is no function to merge with
onBackpressureReduce();
// @ts-expect-error: it holds one value at most
onBackpressureReduce((a: number, b: number) => a + b, { maxCount: 5 });
// @ts-expect-error: the strategy is for other values
ticks.pipe(toEventSource(res, { backpressure: onBackpressureReduce((a: number, b: number) => a + b) }));
const asTick = map((tick: Tick) => tick);
// @ts-expect-error: behind a sink there are its events, and no more ticks
ticks.pipe(toEventSource(res), asTick);
// @ts-expect-error: text is what goes out
ticks.pipe(toEventSource(res, { serialize: (tick) => tick }));
// @ts-expect-error: an encoder needs a name
toSink(transport, { encode: () => '' });
