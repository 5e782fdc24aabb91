import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { HostOrders } from '../server/host.ts';

/** What a server answers, by name. */
export type Orders = { readonly [name: string]: (details: never) => unknown };

interface Answer {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}

/**
 * Has the young generation of V8 at its full size from the start. Where the resident memory is compared, its growth under
 * load would be measured in place of what the server holds.
 */
export const grownUp = '--min-semi-space-size=16';

/** The server of a scenario: a process of its own, so that what is read of its memory is the server's alone. */
export class Served<Asked extends Orders> {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #ready: Promise<unknown>;
  readonly #ended: Promise<never>;
  #count = 0;
  #over = false;

  /**
   * @param folder where the project is as JavaScript: a user's server has nothing between Node and its code either
   * @param module the name of a module in `server/` that exports a `server`
   * @param flags of Node
   */
  constructor(folder: string, module: string, flags: readonly string[]) {
    this.#process = fork(join(folder, 'spec/scenarios/server/host.js'), [module], {
      // The warning is of a way to count promises, which is the host's.
      execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning', ...flags],
      cwd: folder,
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    let complaint = '';
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2_000);
    });
    this.#ended = once(this.#process, 'exit').then(([code, signal]) => {
      // Nobody waits any more, and what never settles is garbage.
      if (this.#over) return new Promise<never>(() => {});
      throw new Error(`The server ended with ${code ?? signal}. ${complaint}`);
    });
    this.#ended.catch(() => {});
    this.#ready = once(this.#process, 'message');
    this.#process.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async ready(): Promise<void> {
    await Promise.race([this.#ready, this.#ended]);
  }

  /** Its answer to one order. */
  async ask<Name extends keyof (Asked & HostOrders) & string>(
    name: Name,
    ...details: Parameters<(Asked & HostOrders)[Name]>
  ): Promise<Awaited<ReturnType<(Asked & HostOrders)[Name]>>> {
    const id = this.#count++;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    // One that has ended says so by itself.
    this.#process.send({ id, name, details: details[0] }, () => {});
    const { answer, error } = await Promise.race([answered, this.#ended]);
    if (error !== undefined) throw new Error(error);
    return answer as Awaited<ReturnType<(Asked & HostOrders)[Name]>>;
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#over = true;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }
}
