import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';

export function start() {
  const channel = createChannel();
  const server = createServer(async (req, res) => {
    channel.register(await createSession(req, res));
  });
  const publish = (values) => {
    for (const value of values) channel.broadcast(value);
  };
  return { server, publish };
}
