import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { highlight } from './highlight.ts';

/** A file as it is sent to the browser. */
export interface Served {
  readonly type: string;
  readonly body: string;
}

const { resolve } = createRequire(import.meta.url);
const text = (url: URL | string): string => readFileSync(url, 'utf8');
const here = (path: string): URL => new URL(path, import.meta.url);
const html = (body: string): Served => ({ type: 'text/html; charset=utf-8', body });
const css = (body: string): Served => ({ type: 'text/css; charset=utf-8', body });
const js = (body: string): Served => ({ type: 'text/javascript; charset=utf-8', body });

const demos: Readonly<Record<string, string>> = {
  basic: 'A random number every second, to a page and to curl.',
  fibonacci: 'The sequence as BigInt, exact however long it runs.',
  websocket: 'A chat: each line that a page sends goes to all pages.',
  'slow-client': 'What each strategy does for a client that reads too slowly.',
  resume: 'What came while a page was away comes when it is back; over a restart too, with Redis.',
  topics: 'Topics that a page chooses in the URL, over one EventSource that resumes all of them.',
  presence: 'Who is in this room, across processes with Redis.',
  express: 'The first one again, from Express 5; so are the next.',
  fastify: 'Fastify 5 hands the response over, in a line of its own.',
  koa: 'Koa 3 is told not to respond.',
  hono: 'A web-standard Response, from Hono.',
  nestjs: 'NestJS 12, with the response of its platform.',
  next: 'A route handler as Next.js has them.',
  http2: 'Twelve streams in a page, over one connection of HTTP/2 with TLS.',
  h2c: 'HTTP/2 in clear text, as behind a proxy.',
  metrics: 'What OpenTelemetry and Prometheus learn of the clients.',
  'custom-sink': 'Newline-delimited JSON, as a sink of one’s own in about 20 lines.',
  'redis-pubsub': 'A Redis channel in a page, with any program publishing to it.',
};

const server = `import { createServer } from 'node:http';
import { interval, map } from 'rxjs';
import { DataStore, toEventSource } from 'tornadose';

const store = new DataStore<number>();
interval(1000)
  .pipe(map(Math.random))
  .subscribe(store);

createServer((req, res) => {
  void store.pipe(toEventSource(res));
}).listen(9000);
`;

const page = text(here('page/index.html'))
  // The page puts in the port under which it was opened.
  .replace('<!--server-->', () => highlight(server).replace('9000', '<span id="port">9000</span>'))
  .replace('<!--demos-->', () => Object.entries(demos).map(shown).join('\n'));

/** Everything that the page is made of, by path; nothing comes from elsewhere. */
export const files: ReadonlyMap<string, Served> = new Map([
  ['/', html(page)],
  ['/theme.css', css(text(here('../support/theme.css')))],
  ['/gallery.css', css(text(here('page/gallery.css')))],
  ['/resumePanels.css', css(text(here('../support/resumePanels.css')))],
  ['/resumePanels.js', js(text(here('../support/resumePanelsPage.js')))],
  ['/uPlot.css', css(text(resolve('uplot/dist/uPlot.min.css')))],
  ['/uPlot.js', js(text(resolve('uplot/dist/uPlot.esm.js')))],
  ...['gallery', 'connection', 'chart', 'slowClients', 'chat'].map((name): [string, Served] => [
    `/${name}.js`,
    js(text(here(`page/${name}.js`))),
  ]),
]);

function shown([name, about]: [string, string]): string {
  return `<details class="demo" name="demo">
<summary><span class="demo-name">${name}</span><span class="demo-about">${about}</span></summary>
<div class="demo-body">
<p class="command"><code>npm run demo -- ${name}</code><button type="button" class="copy" data-copy="npm run demo -- ${name}">Copy</button></p>
<pre tabindex="0" role="region" aria-label="demos/${name}.ts"><code>${highlight(text(here(`../${name}.ts`)))}</code></pre>
</div>
</details>`;
}
