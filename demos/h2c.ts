// HTTP/2 in clear text, as a proxy speaks it to the servers behind it. Browsers do not.
import { createServer } from 'node:http2';
import { map, timer } from 'rxjs';
import { DataStore, toEventSource } from 'tornadose';
import { listen } from './support/listen.ts';

const numbers = new DataStore<number>();
timer(0, 1000).pipe(map(Math.random)).subscribe(numbers);

const server = createServer((_req, res) => {
  void numbers.pipe(toEventSource(res));
});

listen(server, 'h2c', '/stream');
