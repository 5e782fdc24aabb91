import { createServer } from 'node:http';
import { Server } from 'socket.io';

export function start() {
  const server = createServer();
  const io = new Server(server, { transports: ['websocket'], serveClient: false });
  const publish = (values) => {
    for (const value of values) io.emit('value', value);
  };
  return { server, publish };
}
