import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../support/RedisServer.ts';
import { type CodeBlock, root } from './pages.ts';

/** A program of a page, running. */
export interface RunningBlock {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a block that is a whole server, as a reader does, but on a free port in place of 9000, and waits until it answers. */
export async function startBlock({ page, line, code }: CodeBlock): Promise<RunningBlock> {
  const port = await freePort();
  // Within the project, so that it finds the package and its dependencies as a user's file does.
  const folder = await mkdtemp(join(root, 'spec/.docs-'));
  const file = join(folder, 'server.ts');
  await writeFile(file, code.replace('9000', String(port)));
  const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
    await rm(folder, { recursive: true });
  };
  for (;;) {
    const answer = await fetch(url, { method: 'HEAD' }).catch(() => undefined);
    if (answer !== undefined) return { url, stop };
    if (child.exitCode !== null) {
      await stop();
      throw new Error(`${page}:${line}: the program has ended with ${child.exitCode}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
