import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { ready } from './ready.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const run = promisify(execFile);
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const each of running) each.kill('SIGKILL');
});

/** A redis-server of a spec's own, on a free port, with nothing on disk: it may be stopped, paused and restarted. */
export class RedisServer {
  readonly port: number;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;
  readonly #clients: { disconnect(): void }[] = [];
  #removeFolder = (): void => {};

  static async start(...args: string[]): Promise<RedisServer> {
    const port = await freePort();
    const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    return RedisServer.run(port, [...options, '--dir', tmpdir(), ...args]);
  }

  /** One that has after a crash all that it has acknowledged: it writes to the disk before it answers. */
  static async startDurable(...args: string[]): Promise<RedisServer> {
    const folder = temporaryFolder();
    const durable = ['--dir', folder.path, '--appendonly', 'yes', '--appendfsync', 'always'];
    const server = await RedisServer.start(...durable, ...args);
    server.#removeFolder = folder.remove;
    return server;
  }

  /** One with these arguments alone, which have it listen on `port`: for a Sentinel, which refuses options of a server. */
  static async run(port: number, args: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(port, args);
    await server.restart();
    return server;
  }

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.#args = args;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** A client of it, once that is ready. It is disconnected by `dispose`. */
  async client<Client extends EventEmitter & { disconnect(): void }>(
    connect: (url: string) => Client,
  ): Promise<Client> {
    const client = connect(this.url);
    this.#clients.push(client);
    return ready(client);
  }

  /** Starts it again, on the same port, and waits until it answers. */
  async restart(): Promise<void> {
    await this.stop();
    const child = spawn('redis-server', this.#args, { stdio: 'ignore' });
    this.#process = child;
    running.add(child);
    const failed = new Promise<never>((_, reject) => {
      child.once('error', (cause) =>
        reject(new Error('Expected redis-server: apt-get install redis-server', { cause })),
      );
      child.once('exit', (code) => reject(new Error(`Expected redis-server to run, got its exit with ${code}`)));
    });
    failed.catch(() => {});
    await Promise.race([failed, this.#answers()]);
  }

  /** Kills it, as a crash would. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined) return;
    running.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** It stays connected and accepts connections, and answers nothing. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async dispose(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.stop();
    this.#removeFolder();
  }

  /** What redis-cli prints for a command. */
  async cli(...args: string[]): Promise<string> {
    const where = ['-h', '127.0.0.1', '-p', `${this.port}`];
    const { stdout } = await run('redis-cli', [...where, ...args], { maxBuffer: 256 * 1024 * 1024 });
    return stdout.trim();
  }

  async #answers(): Promise<void> {
    for (;;) {
      try {
        const socket = connect(this.port, '127.0.0.1');
        await once(socket, 'connect');
        socket.write('PING\r\n');
        const [answer] = await once(socket, 'data');
        socket.destroy();
        if (String(answer).startsWith('+PONG')) return;
      } catch {
        // Not listening yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** A Redis that a spec uses and does not stop: the one that `REDIS_URL` names, or one of its own. */
export async function redisForSpecs(): Promise<{ readonly url: string; dispose(): Promise<void> }> {
  const url = process.env.REDIS_URL;
  return url ? { url, dispose: async () => {} } : RedisServer.start();
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

/** Ports that nobody listens on, all of them different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}
