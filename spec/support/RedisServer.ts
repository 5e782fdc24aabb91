import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';

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

  static async start(...args: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), args);
    await server.restart();
    return server;
  }

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.#args = args;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again, on the same port, and waits until it answers. */
  async restart(): Promise<void> {
    await this.stop();
    const options = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn('redis-server', [...options, '--dir', tmpdir(), ...this.#args], { stdio: 'ignore' });
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

  dispose(): Promise<void> {
    return this.stop();
  }

  /** What redis-cli prints for a command. */
  async cli(...args: string[]): Promise<string> {
    const { stdout } = await run('redis-cli', ['-h', '127.0.0.1', '-p', `${this.port}`, ...args]);
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
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
