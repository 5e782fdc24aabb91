// RxJS by hand, with one write for each client and tick: what an operator for each client costs where there is no library
// and nothing that bounds a slow client.
import { createServer } from 'node:http';
import { filter, map, Subject } from 'rxjs';
import { chunkOf, eventOf, headers } from './clients.mjs';
import { clientOf, passes } from './passes.mjs';

const variants = {
  /** Clients who get the same events of a tick share a chunk. */
  filter: {
    operator: (client) => filter(({ seq }) => passes(seq, client)),
    flush(due) {
      const chunks = new Map();
      for (const { socket, values } of due) {
        const key = values.map(({ seq }) => seq).join();
        if (!chunks.has(key)) chunks.set(key, chunkOf(values.map(eventOf).join('')));
        socket.write(chunks.get(key));
      }
    },
  },
  /** Each has events of its own. */
  map: {
    operator: (client) => map((value) => ({ ...value, client })),
    flush(due) {
      for (const { socket, values } of due) socket.write(chunkOf(values.map(eventOf).join('')));
    },
  },
};

export function start(variant) {
  const { operator, flush } = variants[variant];
  const subject = new Subject();
  let due = [];
  const server = createServer((req, res) => {
    res.writeHead(200, headers).flushHeaders();
    const client = { socket: res.socket, values: [] };
    const subscription = subject.pipe(operator(clientOf(req))).subscribe((value) => {
      if (client.values.length === 0) due.push(client);
      client.values.push(value);
    });
    res.on('close', () => subscription.unsubscribe());
  });
  const publish = (values) => {
    for (const value of values) subject.next(value);
    setImmediate(() => {
      flush(due);
      for (const client of due) client.values = [];
      due = [];
    });
  };
  return { server, publish };
}
