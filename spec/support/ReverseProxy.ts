import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { writeCertificate } from './certificate.ts';
import { pathOf } from './programs.ts';
import { freePorts } from './RedisServer.ts';
import { recipe } from './recipes.ts';
import { temporaryFolder } from './temporaryFolder.ts';

export type ProxyKind = 'nginx' | 'haproxy';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const each of running) each.kill('SIGKILL');
});

/** A real nginx or haproxy before a server of this machine, by the recipe of `docs/proxies.md`, and as hostile as shown there. */
export class ReverseProxy {
  /** HTTP/1.1 in clear text. */
  readonly port: number;
  /** HTTP/2 and HTTP/1.1 over TLS. */
  readonly securePort: number;
  readonly #child: ChildProcess;
  readonly #removeFolder: () => void;
  #complaint = '';

  /** @param change what a spec that shows the use of a line does to the recipe */
  static async start(
    kind: ProxyKind,
    upstream: number,
    change: (recipe: string) => string = (same) => same,
  ): Promise<ReverseProxy> {
    const folder = temporaryFolder();
    const [port, securePort] = (await freePorts(2)) as [number, number];
    const place = { folder: folder.path, port, securePort, upstream, certificate: await writeCertificate(folder.path) };
    const args = kind === 'nginx' ? nginxArguments(place, change) : haproxyArguments(place, change);
    const proxy = new ReverseProxy(spawn(pathOf(kind), args, { stdio: ['ignore', 'ignore', 'pipe'] }), place, folder);
    await proxy.#listening();
    return proxy;
  }

  private constructor(child: ChildProcess, ports: Place, folder: { remove(): void }) {
    this.port = ports.port;
    this.securePort = ports.securePort;
    this.#child = child;
    this.#removeFolder = folder.remove;
    running.add(child);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-2_000);
    });
  }

  async stop(): Promise<void> {
    if (this.#runs) {
      const exit = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exit;
    }
    running.delete(this.#child);
    this.#removeFolder();
  }

  get #runs(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async #listening(): Promise<void> {
    for (const port of [this.port, this.securePort]) {
      while (!(await accepts(port))) {
        if (!this.#runs) throw new Error(`The proxy ended by itself: ${this.#complaint}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }
}

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly securePort: number;
  readonly upstream: number;
  readonly certificate: string;
}

function nginxArguments({ folder, port, securePort, upstream, certificate }: Place, change: (text: string) => string) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (of) => `${of}_temp_path ${folder}/${of};`,
  );
  mkdirSync(`${folder}/conf.d`);
  writeFileSync(
    `${folder}/conf.d/tornadose.conf`,
    change(
      recipe('conf.d/tornadose.conf', {
        'listen 80;': `listen 127.0.0.1:${port};`,
        'listen 443 ': `listen 127.0.0.1:${securePort} `,
        '127.0.0.1:9000': `127.0.0.1:${upstream}`,
        '/etc/ssl/example.com.pem': certificate,
        '/etc/ssl/example.com.key': certificate,
      }),
    ),
  );
  writeFileSync(
    `${folder}/nginx.conf`,
    recipe('nginx.conf', { 'http {': `http { access_log off; ${temporary.join(' ')}` }),
  );
  // One process, which is ours to end.
  const directives = `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr;`;
  return ['-p', folder, '-c', `${folder}/nginx.conf`, '-g', directives];
}

function haproxyArguments(
  { folder, port, securePort, upstream, certificate }: Place,
  change: (text: string) => string,
) {
  writeFileSync(`${folder}/defaults.cfg`, recipe('defaults.cfg'));
  writeFileSync(
    `${folder}/tornadose.cfg`,
    change(
      recipe('tornadose.cfg', {
        'bind :80\n': `bind 127.0.0.1:${port}\n`,
        'bind :443 ': `bind 127.0.0.1:${securePort} `,
        '127.0.0.1:9000': `127.0.0.1:${upstream}`,
        '/etc/haproxy/example.com.pem': certificate,
      }),
    ),
  );
  return ['-db', '-f', `${folder}/defaults.cfg`, '-f', `${folder}/tornadose.cfg`];
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
