// The gallery of the demos: `npm start`.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { defer, merge, of } from 'rxjs';
import { toEventSource } from 'tornadose';
import { cut } from '../support/cuts.ts';
import { listen } from '../support/listen.ts';
import { sameHost } from '../support/sameHost.ts';
import { serveWebSockets } from '../support/serveWebSockets.ts';
import { chat, joinChat } from './chat.ts';
import { fibonacci } from './fibonacci.ts';
import { files } from './files.ts';
import { numbers, recentNumbers } from './numbers.ts';
import { counter, counterSocket, streamCounter } from './resume.ts';
import { slowClients, startSlowClients, stopSlowClients, ticks } from './slowClients.ts';
import { statisticsOf } from './statistics.ts';

const statistics = statisticsOf(numbers, fibonacci, chat, ticks, slowClients, counter);

/** Pages that come back after a restart come back at different times. */
const retry = (): number => 500 + Math.floor(Math.random() * 1000);

const routes: Readonly<Record<string, (req: IncomingMessage, res: ServerResponse) => void>> = {
  'GET /stream': (_req, res) => {
    void numbers.pipe(toEventSource(res));
  },
  // All that a page needs as one stream with named events: over HTTP/1.1 a browser has six connections for all its tabs.
  'GET /events': (_req, res) => {
    const recent = defer(() => of(recentNumbers()));
    void merge(recent, numbers, fibonacci, statistics, slowClients).pipe(toEventSource(res, { retry: retry() }));
  },
  // One of its own, for the pages that come to see it: its ids are positions, and cutting it leaves the rest alone.
  'GET /resume/stream': (req, res) => streamCounter(req, res, retry()),
  'POST /resume/cut': (req, res) => change(req, res, () => cut(req)),
  'POST /slow-clients/start': (req, res) => change(req, res, startSlowClients),
  'POST /slow-clients/stop': (req, res) => change(req, res, stopSlowClients),
};

const server = createServer((req, res) => {
  const path = req.url?.split('?')[0] ?? '/';
  const route = routes[`${req.method === 'HEAD' ? 'GET' : req.method} ${path}`];
  const file = files.get(path);
  if (route !== undefined) {
    route(req, res);
  } else if (file !== undefined && (req.method === 'GET' || req.method === 'HEAD')) {
    res.writeHead(200, { 'content-type': file.type, 'cache-control': 'no-cache' }).end(file.body);
  } else {
    res.writeHead(404, { 'content-type': 'text/plain' }).end('There is nothing here.\n');
  }
});

serveWebSockets(server, { '/chat': joinChat, '/resume/socket': counterSocket });
listen(server, 'The tornadose gallery', '/stream');

function change(req: IncomingMessage, res: ServerResponse, action: () => void): void {
  if (sameHost(req)) action();
  res.writeHead(sameHost(req) ? 204 : 403).end();
}
