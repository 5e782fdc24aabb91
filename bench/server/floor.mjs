// Written by hand: the least that a server can do, with nothing that bounds a slow client.
import { createServer } from 'node:http';
import { chunkOf, clientList, eventOf, headers } from './clients.mjs';
import { clientOf, passes } from './passes.mjs';

const publishers = {
  /** `res.write` of one shared buffer for each event. */
  write: (clients) => (values) => {
    for (const value of values) {
      const event = Buffer.from(eventOf(value));
      for (const res of clients) res.write(event);
    }
  },
  /** One ready chunk for each event, straight to each socket. */
  chunk: (clients) => (values) => {
    for (const value of values) {
      const chunk = chunkOf(eventOf(value));
      for (const res of clients) res.socket.write(chunk);
    }
  },
  /** All events of a tick as one ready chunk, straight to each socket. */
  tick: (clients) => (values) => {
    const chunk = chunkOf(values.map(eventOf).join(''));
    for (const res of clients) res.socket.write(chunk);
  },
  /** The same with a filter for each client: one chunk for those who get the same events of a tick. */
  filter: (clients) => (values) => {
    const chunks = new Map();
    for (const res of clients) {
      const passing = values.map(({ seq }) => passes(seq, res.client));
      if (!passing.includes(true)) continue;
      const key = passing.join();
      if (!chunks.has(key))
        chunks.set(
          key,
          chunkOf(
            values
              .filter((_, n) => passing[n])
              .map(eventOf)
              .join(''),
          ),
        );
      res.socket.write(chunks.get(key));
    }
  },
};

export function start(variant) {
  const { clients, add } = clientList();
  const server = createServer((req, res) => {
    res.writeHead(200, headers).flushHeaders();
    add(Object.assign(res, { client: clientOf(req) }), res);
  });
  return { server, publish: publishers[variant](clients) };
}
