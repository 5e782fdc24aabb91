// Express 5: its `res` is Node's, so that nothing more is needed.
import { createServer } from 'node:http';
import express from 'express';
import { map, timer } from 'rxjs';
import { DataStore, toEventSource } from 'tornadose';
import { listen } from './support/listen.ts';
import { numbersPage } from './support/numbersPage.ts';

const numbers = new DataStore<number>();
timer(0, 1000).pipe(map(Math.random)).subscribe(numbers);

const app = express();

app.get('/stream', (_req, res) => {
  void numbers.pipe(toEventSource(res));
});

app.get('/', (_req, res) => {
  res.send(numbersPage('Express'));
});

listen(createServer(app), 'express', '/stream');
