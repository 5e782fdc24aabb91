import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { ensurePrograms } from '../../support/programs.ts';
import { type TcpProxy, tcpProxy } from '../../support/tcpProxy.ts';
import type { Context } from '../Scenario.ts';

/**
 * Drops all packets between the port of a server and those of clients, as long as somebody holds its input open: the rules go
 * with the process that asked for them, however that ends.
 */
const script = `
trap '' HUP INT TERM
server=$1
shift
rules() {
  for client in "$@"; do
    iptables -w "$action" INPUT -i lo -p tcp --sport "$client" --dport "$server" -j DROP || return 1
    iptables -w "$action" INPUT -i lo -p tcp --sport "$server" --dport "$client" -j DROP || return 1
  done
}
action=-I
rules "$@" && echo silent && cat >/dev/null
action=-D
rules "$@"
`;

/** A way to a server on which clients can be silenced: no packet goes either way, and nobody is told. */
export interface Line {
  /** Where clients connect to. */
  readonly port: number;
  /** @param clients the ports that the server sees them on */
  silence(clients: readonly number[]): Promise<void>;
  /** Has them be heard again. */
  restore(): Promise<void>;
}

/** By the firewall where that is possible, and otherwise through a proxy that stops. It is restored when the scenario is over. */
export async function lineTo(context: Context, server: number): Promise<Line> {
  const line = mayFilter() ? new FilteredLine(server) : undefined;
  if (line !== undefined && (await line.works())) {
    context.defer(() => line.restore());
    return line;
  }
  context.note('without iptables: peers were silenced by a proxy that stops reading and writing');
  const proxied = await ProxiedLine.to(server);
  context.defer(() => proxied.close());
  return proxied;
}

function mayFilter(): boolean {
  try {
    ensurePrograms([{ name: 'iptables', package: 'iptables' }]);
    return true;
  } catch {
    return false;
  }
}

class FilteredLine implements Line {
  readonly port: number;
  #restore: (() => Promise<void>) | undefined;

  constructor(server: number) {
    this.port = server;
  }

  /** Whether rules may be made here: in a container they may not. */
  async works(): Promise<boolean> {
    try {
      await this.silence([1]);
      return true;
    } catch {
      return false;
    } finally {
      await this.restore();
    }
  }

  async silence(clients: readonly number[]): Promise<void> {
    const args = ['-c', script, 'sh', `${this.port}`, ...clients.map(String)];
    // In a group of its own, which Ctrl-C does not reach.
    const child = spawn('sh', args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const exit = once(child, 'exit');
    this.#restore = async () => {
      child.stdin.end();
      await exit;
    };
    let complaint = '';
    child.stderr.on('data', (text) => {
      complaint += text;
    });
    const [said] = (await Promise.race([once(child.stdout, 'data'), once(child.stdout, 'end')])) as [unknown?];
    if (said === undefined) throw new Error(`No packet can be dropped: ${complaint}`);
  }

  async restore(): Promise<void> {
    const restore = this.#restore;
    this.#restore = undefined;
    await restore?.();
  }
}

type Pair = readonly [client: Socket, server: Socket];

class ProxiedLine implements Line {
  readonly #proxy: TcpProxy;
  readonly #pairs: ReadonlySet<Pair>;

  static async to(server: number): Promise<ProxiedLine> {
    const pairs = new Set<Pair>();
    const proxy = await tcpProxy(server, (...pair) => {
      pairs.add(pair);
      for (const socket of pair) socket.on('close', () => pairs.delete(pair));
      const [client, service] = pair;
      client.pipe(service).pipe(client);
    });
    return new ProxiedLine(proxy, pairs);
  }

  private constructor(proxy: TcpProxy, pairs: ReadonlySet<Pair>) {
    this.#proxy = proxy;
    this.#pairs = pairs;
  }

  get port(): number {
    return this.#proxy.port;
  }

  async silence(clients: readonly number[]): Promise<void> {
    for (const [client, server] of this.#pairs) {
      if (!clients.includes(server.localPort ?? 0)) continue;
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        from.unpipe(to);
        from.pause();
      }
    }
  }

  async restore(): Promise<void> {
    for (const [client, server] of this.#pairs) client.pipe(server).pipe(client);
  }

  close(): Promise<void> {
    return this.#proxy.close();
  }
}
