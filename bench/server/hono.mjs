import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { clientList } from './clients.mjs';

export function start() {
  const { clients } = clientList();
  const app = new Hono();
  app.get('/', (c) =>
    streamSSE(c, async (stream) => {
      clients.add(stream);
      await new Promise((left) => stream.onAbort(left));
      clients.delete(stream);
    }),
  );
  const publish = (values) => {
    for (const value of values) {
      const data = JSON.stringify(value);
      for (const stream of clients) void stream.writeSSE({ data });
    }
  };
  return { server: createAdaptorServer({ fetch: app.fetch }), publish };
}
