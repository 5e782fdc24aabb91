import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

export function start() {
  const server = createServer();
  const { clients } = new WebSocketServer({ server, perMessageDeflate: false });
  const publish = (values) => {
    for (const value of values) {
      // Made once for all, which is what one can do with ws.
      const text = Buffer.from(JSON.stringify({ data: value }));
      for (const client of clients) client.send(text, { binary: false });
    }
  };
  return { server, publish };
}
