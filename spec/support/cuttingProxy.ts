import { closeLater } from './servers.ts';
import { tcpProxy } from './tcpProxy.ts';

/**
 * A proxy that breaks connections in the middle, until `closeServers`: of those whose request matches, each gets as many
 * bytes as the next number of `cuts` says, and no more. When there are no more numbers they are left alone. Gives its port.
 */
export async function cuttingProxy(port: number, request: RegExp, cuts: number[]): Promise<number> {
  const proxy = await tcpProxy(port, (client, server) => {
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
  closeLater(() => proxy.close());
  return proxy.port;
}
