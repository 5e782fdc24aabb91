// Koa 3: without `respond = false` it would end the answer when the middleware has returned.
import { createServer } from 'node:http';
import Koa from 'koa';
import { map, timer } from 'rxjs';
import { DataStore, toEventSource } from 'tornadose';
import { listen } from './support/listen.ts';
import { numbersPage } from './support/numbersPage.ts';

const numbers = new DataStore<number>();
timer(0, 1000).pipe(map(Math.random)).subscribe(numbers);

const app = new Koa();

app.use((ctx) => {
  if (ctx.path === '/stream') {
    ctx.respond = false;
    void numbers.pipe(toEventSource(ctx.res));
  } else {
    ctx.body = numbersPage('Koa');
  }
});

listen(createServer(app.callback()), 'koa', '/stream');
