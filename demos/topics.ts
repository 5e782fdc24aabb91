// A page chooses its topics in the URL. A browser has six connections to a server over HTTP/1.1, for all of its tabs: so
// all topics come over one EventSource, which resumes all of them.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { interval, map } from 'rxjs';
import { combineLogs, filterData, type Log, lastEventId, QueueStore, toEventSource } from 'tornadose';
import { listen } from './support/listen.ts';
import { sendPage } from './support/page.ts';
import { topicsPage } from './support/topicsPage.ts';

interface Item {
  readonly n: number;
  readonly text: string;
}

interface Reading extends Item {
  readonly sensor: string;
}

/** A log with something new every so many ms. */
function every(ms: number, textOf: (n: number) => string): Log<Item> {
  const log = new QueueStore<Item>();
  log.feed(interval(ms).pipe(map((n) => ({ n, text: textOf(n) }))));
  return log;
}

// Up to eight topics: a log for each. These are what a page may ask for, and no others.
const topics: ReadonlyMap<string, Log<Item>> = new Map([
  ['prices', every(200, () => `${(100 + 10 * Math.random()).toFixed(2)} €`)],
  ['news', every(400, (n) => `Headline ${n}`)],
  ['weather', every(600, () => `${(15 + 10 * Math.random()).toFixed(1)} °C`)],
]);

// Pages with the same choice share a combination, and what is encoded for it.
const combinations = new Map<string, Log<Item>>();

function combinationOf(names: readonly string[]): Log<Item> {
  const chosen = [...topics].filter(([name]) => names.includes(name));
  const key = chosen.map(([name]) => name).join(',');
  const combination = combinations.get(key) ?? combineLogs(Object.fromEntries(chosen));
  combinations.set(key, combination);
  return combination;
}

function sendTopics(req: IncomingMessage, res: ServerResponse): void {
  const names = namesIn(req);
  const unknown = names.filter((name) => !topics.has(name));
  if (unknown.length > 0 || names.length === 0)
    refuse(res, `topics to be of ${[...topics.keys()].join(', ')}`, unknown);
  // The id of each event is a position in all of them.
  else void combinationOf(names).since(lastEventId(req)).pipe(toEventSource(res));
}

// More topics than that: one log for all, of which each page is sent its part.
const sensors = new QueueStore<Reading>({ history: { size: 20_000 } });
interval(500).subscribe((n) => {
  for (let sensor = 0; sensor < 100; sensor += 1)
    sensors.next({ sensor: `${sensor}`, n, text: `${(20 + 5 * Math.random()).toFixed(2)} °C` });
});

function sendSensors(req: IncomingMessage, res: ServerResponse): void {
  const names = new Set(namesIn(req));
  const unknown = [...names].filter((name) => !/^(\d|[1-9]\d)$/.test(name));
  const chosen = filterData(({ sensor }: Reading) => names.has(sensor));
  if (unknown.length > 0 || names.size === 0) refuse(res, 'topics to be of 0 to 99', unknown);
  else void sensors.since(lastEventId(req)).pipe(chosen, toEventSource(res));
}

/** What is asked for with `?topics=prices,news`. */
function namesIn(req: IncomingMessage): string[] {
  const query = new URLSearchParams(req.url?.split('?')[1]);
  return (query.get('topics') ?? '').split(',').filter((name) => name !== '');
}

function refuse(res: ServerResponse, expected: string, unknown: readonly string[]): void {
  const got = unknown.length === 0 ? 'none' : unknown.map((name) => JSON.stringify(name)).join(', ');
  res.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end(`Expected ${expected}, got ${got}.\n`);
}

const server = createServer((req, res) => {
  const path = req.url?.split('?')[0];
  if (path === '/events') sendTopics(req, res);
  else if (path === '/sensors') sendSensors(req, res);
  else sendPage(res, ...topicsPage);
});

listen(server, 'topics', '/events?topics=prices,news', '/sensors?topics=7,42');
