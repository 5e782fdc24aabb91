import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ErrorCode, ErrorFacts } from 'tornadose';

const read = (path: string): Promise<string> => readFile(new URL(`../${path}`, import.meta.url), 'utf8');

/** The code blocks of a text, by their language. */
function blocks(text: string, language: string): string[] {
  return Array.from(text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs')), ([, code]) => code as string);
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('the README', () => {
  it('should show a whole server first, in fewer than 20 lines, that does what is printed below it', async () => {
    const [server] = blocks(await read('README.md'), 'ts') as [string];
    expect(server.trim().split('\n').length).to.be.lessThan(20);
    const port = await freePort();
    // Beside the specs, so that it finds the package and its dependencies as a user's file does.
    const folder = await mkdtemp(new URL('../spec/.readme-', import.meta.url).pathname);
    const file = join(folder, 'server.ts');
    await writeFile(file, server.replace('9000', String(port)));
    const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['ignore', 'inherit', 'inherit'] });
    try {
      let answer: Response | undefined;
      while (answer === undefined) {
        expect(child.exitCode).to.equal(null);
        answer = await fetch(`http://127.0.0.1:${port}`).catch(() => undefined);
        if (answer === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
      const decoder = new TextDecoder();
      let text = '';
      while (text.split('\n\n').length < 3) text += decoder.decode((await reader.read()).value, { stream: true });
      expect(text).to.match(/^data: 0\.\d{3}\n\ndata: 0\.\d{3}\n\n/);
      await reader.cancel();
    } finally {
      child.kill();
      await once(child, 'exit');
      await rm(folder, { recursive: true });
    }
  });

  it('should link to nothing that is not there', async () => {
    const text = await read('README.md');
    const links = Array.from(text.matchAll(/\]\(([^)#]+)\)/g), ([, link]) => link as string).filter(
      (link) => !link.includes('://'),
    );
    expect(links.length).to.be.greaterThan(10);
    for (const link of links) if (link !== 'demos') await read(link);
  });
});

describe('docs/errors.md', () => {
  it('should have a heading for every code of an error, and for nothing else', async () => {
    // A code that is missing here does not compile.
    const facts: Record<ErrorCode, true> = {
      ERR_INVALID_OPTION: true,
      ERR_INVALID_MESSAGE: true,
      ERR_UNSERIALISABLE: true,
      ERR_OVERFLOW: true,
      ERR_BUDGET: true,
      ERR_REFUSED: true,
      ERR_LIMIT: true,
      ERR_DRAINING: true,
      ERR_ORIGIN: true,
      ERR_INBOUND: true,
      ERR_REENTRANT: true,
      ERR_STORE_CLOSED: true,
      ERR_REDIS_DOWN: true,
      ERR_REDIS_BUSY: true,
      ERR_REDIS_TIMEOUT: true,
      ERR_REDIS_REPLY: true,
      ERR_UNREADABLE: true,
      ERR_TOO_LARGE: true,
    } satisfies Record<keyof ErrorFacts, true>;
    const headings = Array.from((await read('docs/errors.md')).matchAll(/^## (.*)$/gm), ([, heading]) => heading);
    expect(headings).to.have.members(Object.keys(facts));
  });
});
