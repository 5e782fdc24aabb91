// Checked by `tsc`, never run.

import { expectTypeOf } from 'expect-type';
import type { Cluster as Cluster6, Redis as Redis6 } from 'ioredis';
import type { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5';
import { filter, map, merge, type Observable } from 'rxjs';
import type { Gap, Message, Presence } from 'tornadose';
import {
  type Codec,
  json,
  type RedisClusterLike,
  type RedisLike,
  RedisPresence,
  RedisStore,
  type RedisStreamClusterLike,
  type RedisStreamLike,
  RedisStreamStore,
  text,
} from 'tornadose/redis';

interface Tick {
  symbol: string;
  price: number;
}

declare const redis: Redis6;
declare const redis5: Redis5;
declare const ticks: Codec<Tick>;

/* The real clients fit. */
redis satisfies RedisLike;
redis5 satisfies RedisLike;
redis satisfies RedisStreamLike;
redis5 satisfies RedisStreamLike;
declare const cluster: Cluster6;
declare const cluster5: Cluster5;
cluster satisfies RedisClusterLike;
cluster5 satisfies RedisClusterLike;
cluster satisfies RedisStreamClusterLike;
cluster5 satisfies RedisStreamClusterLike;

/* Text needs no codec, and may have one. */
expectTypeOf(new RedisStore({ redis })).toEqualTypeOf<RedisStore<string>>();
expectTypeOf(new RedisStore({ redis: redis5, channel: 'news' })).toEqualTypeOf<RedisStore<string>>();
new RedisStore<string>({ redis: cluster });
new RedisStore({ redis: cluster5, codec: text });
new RedisStore({ redis: cluster, sharded: true });
// @ts-expect-error it is or it is not
new RedisStore({ redis, sharded: 'yes' });

/* Anything else does. */
new RedisStore<Tick>({ redis, codec: json });
expectTypeOf(new RedisStore({ redis, codec: ticks })).toEqualTypeOf<RedisStore<Tick>>();
// @ts-expect-error a Tick is no text
new RedisStore<Tick>({ redis });
// @ts-expect-error what comes in may be any text
new RedisStore<'on' | 'off'>({ redis });
// @ts-expect-error a number is no text
new RedisStore<string | number>({ redis });
// @ts-expect-error the codec is of another type
new RedisStore<number>({ redis, codec: ticks });
// @ts-expect-error a client is needed
new RedisStore({ channel: 'news' });
// @ts-expect-error no such option
new RedisStore({ redis, chanel: 'news' });

/* A store is a Subject whose submit promises a number. */
const store = new RedisStore<Tick>({ redis, codec: json });
expectTypeOf(store.submit({ symbol: 'ACME', price: 1 })).toEqualTypeOf<Promise<number>>();
expectTypeOf(store.gaps).toEqualTypeOf<Observable<Gap>>();
expectTypeOf(merge(store, store.gaps)).toEqualTypeOf<Observable<Tick | Gap>>();
expectTypeOf(
  store.pipe(
    filter(({ price }) => price > 0),
    map(({ symbol }) => symbol),
  ),
).toEqualTypeOf<Observable<string>>();
// @ts-expect-error no Tick
store.next('ACME');

/* Presence is the same with Redis and without. */
interface Guest {
  id: string;
  name: string;
}
for (const client of [redis, redis5, cluster, cluster5]) {
  const presence = new RedisPresence<Guest>({ redis: client, ttl: 10_000, linger: 0 });
  expectTypeOf(presence).toExtend<Presence<Guest>>();
  expectTypeOf(store.pipe(presence.track('room', { id: '1', name: 'Ann' }))).toEqualTypeOf<Observable<Tick>>();
}
// @ts-expect-error a client is needed
new RedisPresence({ prefix: 'who' });

/* A stream carries JSON, and gives messages. */
const stream = new RedisStreamStore<Tick>({ redis, key: 'ticks', maxLength: 10 });
expectTypeOf(stream).toExtend<Observable<Tick>>();
expectTypeOf(stream.submit({ symbol: 'A', price: 1 }, { key: '7' })).toEqualTypeOf<Promise<string>>();
expectTypeOf(stream.since('id', { otherwise: 'earliest' })).toEqualTypeOf<Observable<Message<Tick> | Gap>>();
expectTypeOf(stream.gaps).toEqualTypeOf<Observable<Gap>>();
new RedisStreamStore<string>({ redis: cluster5, key: 'lines', codec: text });
new RedisStreamStore<Message<Tick>>({ redis: cluster, key: 'ticks', codec: ticks });
// @ts-expect-error a Tick is no text
new RedisStreamStore<Tick>({ redis, key: 'ticks', codec: text });
// @ts-expect-error there is no stream without a key
new RedisStreamStore<Tick>({ redis });
