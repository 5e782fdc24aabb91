// Runs one of the demos: npm run demo -- basic
import { parseArgs } from 'node:util';

const demos: Readonly<Record<string, string>> = {
  basic: 'a random number every second, to a page and to curl',
  fibonacci: 'the sequence in a page, exact however long it runs',
  'redis-pubsub': 'a Redis channel in a page (REDIS_URL says where Redis is)',
  'redis-publisher': 'the other process, which publishes to it',
  websocket: 'a chat',
  resume: 'a page that misses nothing when it is cut, over a restart too with REDIS_URL',
  presence: 'who is in this room, across processes with REDIS_URL',
  topics: 'topics that a page chooses in the URL, over one EventSource',
  'slow-client': 'what each backpressure strategy does for a slow client',
  express: 'a random number every second, from Express 5',
  fastify: 'from Fastify 5',
  koa: 'from Koa 3',
  hono: 'from Hono, as a web-standard Response',
  nestjs: 'from NestJS 12',
  next: 'from a route handler of Next.js',
  http2: 'twelve streams in a page, over one connection of HTTP/2 with TLS',
  h2c: 'HTTP/2 in clear text, as behind a proxy',
  metrics: 'what OpenTelemetry and Prometheus learn of the clients: quick, slow, and coming back',
  'custom-sink': 'newline-delimited JSON, as a sink of one’s own',
};

const { positionals } = parseArgs({ allowPositionals: true, strict: false });
const [name] = positionals;

if (name !== undefined && Object.hasOwn(demos, name)) {
  await import(`./${name}.ts`);
} else {
  if (name !== undefined) console.error(`There is no demo '${name}'.\n`);
  console.log('npm run demo -- <name>     PORT sets its port, 9000 otherwise\n');
  for (const [each, about] of Object.entries(demos)) console.log(`  ${each.padEnd(16)}${about}`);
  process.exitCode = name === undefined ? 0 : 1;
}
