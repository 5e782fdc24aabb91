import { expect } from 'chai';
import type { ErrorCode, ErrorFacts } from 'tornadose';
import { blocksOf, type CodeBlock, pageOf } from './docs/pages.ts';
import { startBlock } from './docs/startBlock.ts';

describe('the README', () => {
  it('should show a whole server first, in fewer than 20 lines, that does what is printed below it', async () => {
    const [server] = blocksOf(pageOf('README.md')).filter(({ language }) => language === 'ts') as [CodeBlock];
    expect(server.code.split('\n').length).to.be.lessThan(20);
    const { url, stop } = await startBlock(server);
    try {
      const answer = await fetch(url);
      const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
      const decoder = new TextDecoder();
      let text = '';
      while (text.split('\n\n').length < 3) text += decoder.decode((await reader.read()).value, { stream: true });
      expect(text).to.match(/^data: 0\.\d{3}\n\ndata: 0\.\d{3}\n\n/);
      await reader.cancel();
    } finally {
      await stop();
    }
  });
});

describe('docs/errors.md', () => {
  it('should have a heading for every code of an error, and for nothing else', () => {
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
    const headings = Array.from(pageOf('docs/errors.md').text.matchAll(/^## (.*)$/gm), ([, heading]) => heading);
    expect(headings).to.have.members(Object.keys(facts));
  });
});
