import { createServer } from 'node:http';
import SseChannel from 'sse-channel';

export function start() {
  const channel = new SseChannel({ jsonEncode: true });
  const server = createServer((req, res) => channel.addClient(req, res));
  const publish = (values) => {
    for (const value of values) channel.send({ data: value });
  };
  return { server, publish };
}
