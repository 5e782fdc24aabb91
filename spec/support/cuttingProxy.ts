import net, { type Socket } from 'node:net';
import { listen } from './listen.ts';
import { closeLater } from './servers.ts';

/**
 * A proxy that breaks connections in the middle, until `closeServers`: of those whose request matches, each gets as many
 * bytes as the next number of `cuts` says, and no more. When there are no more numbers they are left alone. Gives its port.
 */
export async function cuttingProxy(port: number, request: RegExp, cuts: number[]): Promise<number> {
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
    let left = Number.POSITIVE_INFINITY;
    client.on('data', (bytes) => {
      if (request.test(bytes.toString('latin1'))) left = cuts.shift() ?? Number.POSITIVE_INFINITY;
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (left === 0) return;
      const part = bytes.subarray(0, Math.min(left, bytes.length));
      left -= part.length;
      client.write(part);
      // A reset would overtake what was written.
      if (left === 0) client.end();
    });
  });
  const proxyPort = await listen(proxy);
  closeLater(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => proxy.close(done));
  });
  return proxyPort;
}
