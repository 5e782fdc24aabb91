import net, { type Socket } from 'node:net';
import { listen } from './listen.ts';
import { closeLater } from './servers.ts';

/** A way to a server on which connections can fall silent: they stay open, and nothing comes over them any more. */
export interface SilencingProxy {
  readonly port: number;
  /** How many connections have been made. */
  readonly accepted: number;
  /** Silences, for good, the connections that there are now and over which a request that matches has gone. @returns how many */
  silence(request: RegExp): number;
}

/** As a peer that is gone without a word, or a firewall that has forgotten the connection, until `closeServers`. */
export async function silencingProxy(port: number): Promise<SilencingProxy> {
  const requests = new Map<Socket, string>();
  const silent = new WeakSet<Socket>();
  const sockets = new Set<Socket>();
  let accepted = 0;
  const proxy = net.createServer((client) => {
    accepted += 1;
    const server = net.connect(port, '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        requests.delete(client);
        client.destroy();
        server.destroy();
      });
    }
    requests.set(client, '');
    client.on('data', (bytes) => {
      requests.set(client, requests.get(client) + bytes.toString('latin1'));
      if (!silent.has(client)) server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (!silent.has(client)) client.write(bytes);
    });
  });
  const proxyPort = await listen(proxy);
  closeLater(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => proxy.close(done));
  });
  return {
    port: proxyPort,
    get accepted() {
      return accepted;
    },
    silence(request) {
      const matching = [...requests].filter(([client, text]) => request.test(text) && !silent.has(client));
      for (const [client] of matching) silent.add(client);
      return matching.length;
    },
  };
}
