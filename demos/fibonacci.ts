// The Fibonacci sequence in a page, a number every second, beyond the 79th, where a JavaScript number is no longer exact.
import { createServer } from 'node:http';
import { scan, timer } from 'rxjs';
import { DataStore, toEventSource } from 'tornadose';
import { listen } from './support/listen.ts';
import { sendPage } from './support/page.ts';

interface Step {
  readonly n: number;
  readonly value: bigint;
  readonly next: bigint;
}

const sequence = new DataStore<Step>({ n: 0, value: 0n, next: 1n });
timer(1000, 1000)
  .pipe(scan(({ n, value, next }) => ({ n: n + 1, value: next, next: value + next }), sequence.data))
  .subscribe(sequence);

// JSON has no BigInt, so the sink is told how to write one.
const serialize = ({ n, value }: Step): string => `F(${n}) = ${value}`;

const server = createServer((req, res) => {
  if (req.url === '/stream') {
    void sequence.pipe(toEventSource(res, { serialize }));
  } else {
    sendPage(
      res,
      'Fibonacci',
      'Exact however long it runs: the numbers are of type <code>bigint</code>.',
      '<output class="value">…</output>',
      `const output = document.querySelector('output');
       new EventSource('/stream').onmessage = ({ data }) => { output.textContent = data; };`,
    );
  }
});

listen(server, 'fibonacci', '/stream');
