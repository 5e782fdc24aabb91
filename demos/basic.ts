// A random number every second, to a page and to curl.
import { createServer } from 'node:http';
import { map, timer } from 'rxjs';
import { DataStore, toEventSource } from 'tornadose';
import { listen } from './support/listen.ts';
import { sendPage } from './support/page.ts';

const numbers = new DataStore<number>();
timer(0, 1000).pipe(map(Math.random)).subscribe(numbers); // a store is a Subject

const server = createServer((req, res) => {
  if (req.url === '/stream') {
    void numbers.pipe(toEventSource(res)); // piping connects the client
  } else {
    sendPage(
      res,
      'A random number',
      'One <code>DataStore</code>, a new number every second.',
      '<output class="value">…</output>',
      `const output = document.querySelector('output');
       new EventSource('/stream').onmessage = ({ data }) => { output.textContent = data; };`,
    );
  }
});

listen(server, 'basic', '/stream');
