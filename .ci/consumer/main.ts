import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { filter, map, take } from 'rxjs';
import { DataStore, onBackpressureLatest, TornadoseError, toEventSource, toResponse } from 'tornadose';
import { registerMetrics } from 'tornadose/metrics';
import { RedisStore } from 'tornadose/redis';

// A value of the store reaches a client.
const store = new DataStore({ symbol: 'ABC', price: 1 });
const server = createServer((_req, res) => {
  store
    .pipe(
      filter((tick) => tick.price > 0),
      take(1),
      toEventSource(res, { backpressure: onBackpressureLatest({ key: (tick) => tick.symbol }) }),
    )
    .subscribe();
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
assert.equal(answer.headers.get('content-type'), 'text/event-stream');
assert.match(await answer.text(), /^data: \{"symbol":"ABC","price":1\}\n\n/);
server.close();
server.closeAllConnections();

// The same, on a web runtime.
const response = toResponse(
  store.pipe(
    map((tick) => tick.price),
    take(1),
  ),
  new Request('http://localhost/'),
);
assert.match(await response.text(), /^data: 1\n\n/);
await store.close();

// The other doors open without ioredis and OpenTelemetry, and all are one library.
assert.throws(
  () => registerMetrics(undefined as never),
  (error) => TornadoseError.is(error, 'ERR_INVALID_OPTION') && error.option === 'meter',
);
assert.throws(
  () => new RedisStore({ redis: undefined as never }),
  (error) => TornadoseError.is(error, 'ERR_INVALID_OPTION') && error.option === 'redis',
);
console.log('import: ok');
