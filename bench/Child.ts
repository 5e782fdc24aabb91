import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** Whether processes have a core each. */
export const pinned: boolean = canPin;

/** A process of the bench, on one core, which answers orders one by one. */
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
    this.#process = spawn(file, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
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

  async end(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#failed.catch(() => {});
  }
}
