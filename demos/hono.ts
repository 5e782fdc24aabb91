// Hono: a web-standard Response, which runs on Node, Deno, Bun and Workers. On Node there is the `res` below it too.
import { createServer } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { map, timer } from 'rxjs';
import { DataStore, toEventSource, toResponse } from 'tornadose';
import { listen } from './support/listen.ts';
import { numbersPage } from './support/numbersPage.ts';

const numbers = new DataStore<number>();
timer(0, 1000).pipe(map(Math.random)).subscribe(numbers);

const app = new Hono<{ Bindings: HttpBindings }>();

app.get('/stream', (c) => toResponse(numbers, c.req.raw));

// On Node only, and cheaper there: clients share the bytes that they are sent.
app.get('/node', (c) => {
  void numbers.pipe(toEventSource(c.env.outgoing));
  return RESPONSE_ALREADY_SENT;
});

app.get('/', (c) => c.html(numbersPage('Hono')));

listen(createServer(getRequestListener(app.fetch)), 'hono', '/stream', '/node');
