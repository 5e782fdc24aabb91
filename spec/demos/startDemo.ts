import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiledFolder } from '../support/compiledFolder.ts';

/** A demo, running as a process of its own. */
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

/** Starts Node with these arguments, of which each `.ts` is a file of the project that runs compiled. */
export function startProgram(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const compiled = compiledFolder().then((folder) =>
    args.map((arg) => (arg.endsWith('.ts') ? join(folder, arg.replace(/\.ts$/, '.js')) : arg)),
  );
  return kept(new Program(compiled, { PORT: '0', ...env }));
}

/** Starts Node with these arguments, of which each `.ts` runs as it is, by tsx: as a reader starts it. */
export function startAsReader(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  return kept(new Program(Promise.resolve(['--import', 'tsx', ...args]), { PORT: '0', ...env }));
}

function kept(program: Program): Program {
  running.add(program);
  void program.ended.finally(() => running.delete(program));
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
  readonly #child: Promise<ChildProcess>;
  readonly #news = new EventEmitter();

  constructor(args: Promise<readonly string[]>, env: NodeJS.ProcessEnv) {
    this.#child = args.then((all) => this.#started(all, env));
    this.ended = this.#child.then((child) => once(child, 'close')).then(([code]) => code as number | null);
  }

  #started(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.#news.emit('news');
      });
    return child;
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

  async stop(signal: NodeJS.Signals): Promise<number | null> {
    (await this.#child).kill(signal);
    return this.ended;
  }
}
