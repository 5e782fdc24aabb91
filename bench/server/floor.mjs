// Written by hand: the least that a server can do, with nothing that bounds a slow client.
import { createServer } from 'node:http';
import { chunkOf, clientList, eventOf, headers } from './clients.mjs';

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
};

export function start(variant) {
  const { clients, add } = clientList();
  const server = createServer((_req, res) => {
    res.writeHead(200, headers).flushHeaders();
    add(res, res);
  });
  return { server, publish: publishers[variant](clients) };
}
