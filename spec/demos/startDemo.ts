import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A demo, running as a process of its own, as a reader starts it. */
export interface Demo {
  readonly url: string;
  readonly port: number;
  /** Waits until what it has printed matches. */
  printed(pattern: RegExp): Promise<string>;
  /** Ends it. Gives its exit code, or null where the signal itself ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const running = new Set<Program>();

/** Starts `demos/<name>.ts`, on a free port unless one is given, and waits until it tells its address. */
export async function startDemo(name: string, env: NodeJS.ProcessEnv = {}): Promise<Demo> {
  const program = startProgram([`demos/${name}.ts`], env);
  const url = await program.printed(/https?:\/\/localhost:\d+/);
  return {
    url,
    port: Number(new URL(url).port),
    printed: (pattern) => program.printed(pattern),
    stop: (signal = 'SIGKILL') => program.stop(signal),
  };
}

/** Starts Node with these arguments, TypeScript understood. */
export function startProgram(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const program = new Program(args, { PORT: '0', ...env });
  running.add(program);
  void program.ended.then(() => running.delete(program));
  return program;
}

/** Ends all that still run, in the way in which they take their files with them. For `afterEach`. */
export async function stopDemos(): Promise<void> {
  await Promise.all(Array.from(running, (each) => each.stop('SIGINT')));
}

/** A process, and what it prints. */
export class Program {
  /** All that it has printed so far. */
  output = '';
  /** Its exit code. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #news = new EventEmitter();

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, ['--import', 'tsx', ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.#news.emit('news');
      });
    this.ended = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  /** Waits until what it has printed matches, and gives the match. */
  async printed(pattern: RegExp): Promise<string> {
    const over = this.ended.then(() => 'over');
    for (;;) {
      const found = pattern.exec(this.output)?.[0];
      if (found !== undefined) return found;
      if ((await Promise.race([once(this.#news, 'news'), over])) === 'over')
        throw new Error(`Expected it to print ${pattern}, got its end after:\n${this.output}`);
    }
  }

  stop(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }
}
