import diagnostics from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import { filter, map } from 'rxjs';
import { WebSocketServer } from 'ws';
// What is published, not the sources: no loader is in the process.
import { fromPull, lastEventId, QueueStore, toEventSource, toWebSocket } from '../../dist/index.js';
import { clientOf, passes } from './passes.mjs';
import { madeTexts } from './value.mjs';

const connections = {
  plain: (store, _req, res) => store.pipe(toEventSource(res)),
  filter: (store, req, res) => {
    const client = clientOf(req);
    store.pipe(
      filter(({ seq }) => passes(seq, client)),
      toEventSource(res),
    );
  },
  map: (store, req, res) => {
    const client = clientOf(req);
    store.pipe(
      map((value) => ({ ...value, client })),
      toEventSource(res),
    );
  },
  stream: (_store, req, res) => fromPull(madeTexts(req)).pipe(toEventSource(res)),
  /** With positions, from which a client may come back. */
  since: (store, req, res) => store.since(lastEventId(req)).pipe(toEventSource(res)),
  /** With somebody who counts what the library tells of all connections. */
  watched: (store, _req, res) => store.pipe(toEventSource(res)),
  /** With the instruments of OpenTelemetry. */
  metered: (store, _req, res) => store.pipe(toEventSource(res)),
};

export async function start(variant) {
  const store = new QueueStore();
  const publish = (values) => {
    for (const value of values) store.next(value);
  };
  if (variant === 'watched') watch();
  if (variant === 'metered') await meter();
  const connect = connections[variant];
  if (connect !== undefined) return { server: createServer((req, res) => connect(store, req, res)), publish };
  const server = createServer();
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (ws) => store.pipe(toWebSocket(ws)));
  return { server, publish };
}

function watch() {
  const counts = new Map();
  for (const name of ['connection', 'tick', 'drop', 'resume', 'gap', 'error']) {
    diagnostics.subscribe(`tornadose:${name}`, () => counts.set(name, (counts.get(name) ?? 0) + 1));
  }
}

async function meter() {
  const [{ MeterProvider, MetricReader }, { registerMetrics }] = await Promise.all([
    import('@opentelemetry/sdk-metrics'),
    import('../../dist/metrics/index.js'),
  ]);
  /** One that is asked for nothing, as the instruments count all the same. */
  class Reader extends MetricReader {
    async onForceFlush() {}
    async onShutdown() {}
  }
  registerMetrics(new MeterProvider({ readers: [new Reader()] }).getMeter('bench'));
}
