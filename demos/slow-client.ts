// What each strategy does while a client reads at a quarter of the speed at which it is sent to.
import { createServer } from 'node:http';
import { interval, map } from 'rxjs';
import {
  type BackpressureOperator,
  DataStore,
  onBackpressureBuffer,
  onBackpressureDrop,
  onBackpressureLatest,
  onBackpressureReduce,
  QueueStore,
  toEventSource,
} from 'tornadose';
import { listen } from './support/listen.ts';
import { narrowServer } from './support/narrowServer.ts';
import { sendPage } from './support/page.ts';
import { ThrottledClient } from './support/ThrottledClient.ts';

type Ticks = { from: number; to: number; load: string };
const ticks = new QueueStore<Ticks>();
const load = '.'.repeat(8000);
ticks.feed(interval(20).pipe(map((n) => ({ from: n, to: n, load })))); // 400 KB a second

const maxBytes = 500_000;
const strategies: Record<string, BackpressureOperator<Ticks>> = {
  'a quick client': onBackpressureBuffer({ maxBytes }),
  'buffer, error': onBackpressureBuffer({ maxBytes, overflow: 'error' }),
  'buffer, dropOldest': onBackpressureBuffer({ maxBytes, overflow: 'dropOldest' }),
  latest: onBackpressureLatest(),
  reduce: onBackpressureReduce((held, incoming) => ({ ...incoming, from: held.from })),
  drop: onBackpressureDrop(),
};

const rows = Object.entries(strategies).map(([strategy, backpressure]) => {
  const row = { strategy, events: 0, ticks: 0, 'last tick': 0, dropped: 0, 'cut off': 0 };
  const { path } = narrowServer((_req, res) => {
    ticks.pipe(toEventSource(res, { backpressure })).subscribe((event) => {
      if (event.type === 'drop') row.dropped += event.count;
      if (event.type === 'close' && event.reason === 'overflow') row['cut off'] += 1;
    });
  });
  new ThrottledClient(path, strategy === 'a quick client' ? Number.POSITIVE_INFINITY : 100_000, (data) => {
    const { from, to } = JSON.parse(data) as Ticks;
    row.events += 1;
    row.ticks += to - from + 1;
    row['last tick'] = to;
  });
  return row;
});
const table = new DataStore(rows);
table.feed(interval(250).pipe(map(() => rows)));

const server = createServer((req, res) => {
  if (req.url === '/stream') void table.pipe(toEventSource(res, { backpressure: onBackpressureLatest() }));
  else
    sendPage(
      res,
      'Slow clients',
      'Fifty ticks a second to a quick client, and to slow ones that read a quarter of that, one for each strategy.',
      '<div class="columns"></div>',
      `const columns = document.querySelector('.columns');
       new EventSource('/stream').onmessage = ({ data }) => {
         columns.innerHTML = JSON.parse(data).map(({ strategy, ...counts }) => '<article><h2>' + strategy + '</h2><dl>' +
           Object.entries(counts).map(([name, n]) => '<dt>' + name + '</dt><dd>' + n + '</dd>').join('') + '</dl></article>').join('');
       };`,
    );
});

listen(server, 'slow-client', '/stream');
