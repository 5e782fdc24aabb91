import net, { type Socket } from 'node:net';
import { listen } from './listen.ts';

/** A proxy of TCP connections on a free port of this machine. */
export interface TcpProxy {
  readonly port: number;
  /** Breaks the connections that there are, and accepts no more. */
  close(): Promise<void>;
}

/** Has `join` pass on what the two ends of each connection send: when one of them closes, the other one is destroyed. */
export async function tcpProxy(port: number, join: (client: Socket, server: Socket) => void): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const proxy = net.createServer((client) => {
    const server = net.connect(port, '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    join(client, server);
  });
  return {
    port: await listen(proxy),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => proxy.close(done));
    },
  };
}
