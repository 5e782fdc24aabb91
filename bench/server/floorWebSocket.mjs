// Written by hand: ready frames to the sockets of ws, which does the handshake.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { clientList } from './clients.mjs';

function frameOf(value) {
  const payload = Buffer.from(JSON.stringify({ data: value }));
  const { length } = payload;
  const head = length < 126 ? Buffer.of(0x81, length) : Buffer.of(0x81, 126, length >> 8, length & 0xff);
  return Buffer.concat([head, payload]);
}

const publishers = {
  event: (clients) => (values) => {
    for (const value of values) {
      const frame = frameOf(value);
      for (const socket of clients) socket.write(frame);
    }
  },
  tick: (clients) => (values) => {
    const frames = Buffer.concat(values.map(frameOf));
    for (const socket of clients) socket.write(frames);
  },
};

export function start(variant) {
  const { clients, add } = clientList();
  const server = createServer();
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (ws, req) => add(req.socket, ws));
  return { server, publish: publishers[variant](clients) };
}
