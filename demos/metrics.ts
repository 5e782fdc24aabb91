// What OpenTelemetry and Prometheus learn of the clients: quick ones, a slow one, and those that come back.
import { createServer } from 'node:http';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { interval, map } from 'rxjs';
import { lastEventId, onBackpressureLatest, QueueStore, toEventSource } from 'tornadose';
import { registerMetrics } from 'tornadose/metrics';
import { listen } from './support/listen.ts';
import { narrowServer } from './support/narrowServer.ts';
import { sendPage } from './support/page.ts';
import { ThrottledClient } from './support/ThrottledClient.ts';

// What an application has already: a provider, and whatever takes its figures away.
const exporter = new PrometheusExporter({ preventServerStart: true });
const provider = new MeterProvider({ readers: [exporter] });

registerMetrics(provider.getMeter('demo'));

const numbers = new QueueStore<number>();
numbers.feed(interval(20));

// A client in a tunnel: it reads a quarter of the 400 KB a second that it is sent.
const load = '.'.repeat(8000);
const slow = narrowServer((_req, res) => {
  const numbersWithLoad = numbers.pipe(map((number) => ({ number, load })));
  void numbersWithLoad.pipe(toEventSource(res, { backpressure: onBackpressureLatest() }));
});
new ThrottledClient(slow.path, 100_000, () => {});

const server = createServer((req, res) => {
  const path = req.url?.split('?')[0];
  if (path === '/metrics') exporter.getMetricsRequestHandler(req, res);
  else if (path === '/stream') void numbers.since(lastEventId(req)).pipe(toEventSource(res));
  else
    sendPage(
      res,
      'Metrics',
      'Fifty numbers a second to this page and to a slow client. Open the page twice, close one, reload: the figures are those that <a href="/metrics">Prometheus</a> gets.',
      '<pre class="figures">…</pre>',
      `const figures = document.querySelector('.figures');
       new EventSource('/stream');
       setInterval(async () => {
         const lines = (await (await fetch('/metrics')).text()).split('\\n');
         const own = lines.filter((line) => /^tornadose_(?!delay_bucket)/.test(line));
         figures.textContent = own.map((line) => line.replace(/,?otel_scope_name="demo"/, '').replace('{}', '')).join('\\n');
       }, 1000);`,
      '.figures { white-space: pre-wrap; overflow-wrap: anywhere; font: 0.875rem/1.7 var(--mono); }',
    );
});

listen(server, 'metrics', '/metrics', '/stream');
