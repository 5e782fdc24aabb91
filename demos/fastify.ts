// Fastify 5: `hijack` tells it that the answer is no longer its own.
import { fastify } from 'fastify';
import { map, timer } from 'rxjs';
import { DataStore, toEventSource } from 'tornadose';
import { listen } from './support/listen.ts';
import { numbersPage } from './support/numbersPage.ts';

const numbers = new DataStore<number>();
timer(0, 1000).pipe(map(Math.random)).subscribe(numbers);

// Without `forceCloseConnections`, which would break the streams off that a drain ends.
const app = fastify();

app.get('/stream', (_request, reply) => {
  reply.hijack();
  // What plugins have set with `reply.header` (CORS, …) is sent by `reply.send` alone, so it is handed on.
  void numbers.pipe(toEventSource(reply.raw, { headers: reply.getHeaders() }));
});

app.get('/', (_request, reply) => reply.type('text/html').send(numbersPage('Fastify')));

listen(app, 'fastify', '/stream');
