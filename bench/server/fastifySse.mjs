import sse from '@fastify/sse';
import fastify from 'fastify';
import { clientList } from './clients.mjs';

export async function start() {
  const { clients } = clientList();
  const app = fastify();
  await app.register(sse);
  app.get('/', { sse: 'only' }, async (_request, reply) => {
    reply.sse.keepAlive();
    reply.sse.sendHeaders();
    // They would wait for the first event, and the clients for them.
    reply.raw.flushHeaders();
    clients.add(reply.sse);
    reply.sse.onClose(() => clients.delete(reply.sse));
  });
  await app.ready();
  const publish = (values) => {
    for (const value of values) for (const client of clients) client.send({ data: value }).catch(() => {});
  };
  return { server: app.server, publish };
}
