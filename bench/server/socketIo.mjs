import { createServer } from 'node:http';
import { Server } from 'socket.io';

export function start() {
  const server = createServer();
  const io = new Server(server, { transports: ['websocket'] });
  const publish = (values) => {
    for (const value of values) io.emit('event', value);
  };
  return { server, publish };
}
