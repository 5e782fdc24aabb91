import type { Socket } from 'node:net';
import { closeLater } from './servers.ts';
import { tcpProxy } from './tcpProxy.ts';

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
  let accepted = 0;
  const proxy = await tcpProxy(port, (client, server) => {
    accepted += 1;
    requests.set(client, '');
    for (const socket of [client, server]) socket.on('close', () => requests.delete(client));
    client.on('data', (bytes) => {
      requests.set(client, requests.get(client) + bytes.toString('latin1'));
      if (!silent.has(client)) server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (!silent.has(client)) client.write(bytes);
    });
  });
  closeLater(() => proxy.close());
  return {
    port: proxy.port,
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
