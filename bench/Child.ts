import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** How long one that was told to end may take, in ms. */
const patience = 5_000;

/** Whether processes have a core each. */
export const pinned: boolean = canPin;

/**
 * A process of the bench, on one core, which answers orders one by one. It ends when this process does, however that
 * comes, as it then loses the connection that it takes its orders from.
 */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  readonly #ready: Promise<number>;
  readonly #failed: Promise<never>;
  #count = 0;

  constructor(name: string, core: number, args: readonly string[]) {
    const command = [process.execPath, ...args];
    if (canPin) command.unshift('taskset', '-c', String(core));
    const [file, ...rest] = command as [string, ...string[]];
    // In a group of its own, with what it starts.
    this.#process = spawn(file, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true });
    this.#failed = once(this.#process, 'exit').then(([code, signal]) => {
      throw new Error(`The ${name} ended with ${code ?? signal}`);
    });
    this.#failed.catch(() => {});
    this.#ready = new Promise((resolve) => {
      this.#process.on('message', (message: { ready?: number; id?: number; answer?: unknown }) => {
        if (message.ready !== undefined) resolve(message.ready);
        else this.#waiting.get(message.id as number)?.(message.answer);
      });
    });
  }

  /** The port that it listens on. */
  ready(): Promise<number> {
    return Promise.race([this.#ready, this.#failed]);
  }

  /** Its answer to one order, which is a message with the name `order`. */
  ask<Answer>(order: { readonly order: string } & Readonly<Record<string, unknown>>): Promise<Answer> {
    const id = this.#count++;
    const answer = new Promise<unknown>((resolve) => this.#waiting.set(id, resolve));
    // One that has ended says so by itself.
    this.#process.send({ id, ...order }, () => {});
    return Promise.race([answer, this.#failed]) as Promise<Answer>;
  }

  /** Lets it end, and what it has started; kills them all if that takes too long. */
  async end(): Promise<void> {
    const { pid } = this.#process;
    if (pid === undefined) return;
    if (this.#process.connected) this.#process.disconnect();
    const timer = setTimeout(() => this.#kill(pid), patience);
    await this.#failed.catch(() => {});
    clearTimeout(timer);
    // What is left of the group of one that failed.
    this.#kill(pid);
  }

  #kill(group: number): void {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // There is nobody left.
    }
  }
}
