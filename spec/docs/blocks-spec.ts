import { expect } from 'chai';
import { commandError, commandsOf } from './commandErrors.ts';
import { blocksOf, type CodeBlock, pages } from './pages.ts';
import { typeErrors } from './typeCheck.ts';

/** What is wrong with a block, by its language. Those of code are for the compiler. */
const checks: Readonly<Record<string, (block: CodeBlock) => string[]>> = {
  ts: () => [],
  js: () => [],
  html: ({ code }) => (/<script\b/.test(code) ? [] : ['a page without a script, which is all that is checked of one']),
  sh: commandErrors,
  console: commandErrors,
  json: ({ code }) => faultOf(() => JSON.parse(code)),
  yaml: yamlErrors,
  nginx: nginxErrors,
  haproxy: ({ code }) => statementErrors(code, /^(?:(?:global|defaults|frontend|backend|listen)\b.*|\s+\S.*)$/),
  // Started as they stand by redis-spec.ts.
  conf: () => [],
  // What others wrote: shown, not ours to run.
  python: () => [],
  // A drawing, or what something prints.
  text: () => [],
  '': () => [],
};

function commandErrors(block: CodeBlock): string[] {
  const commands = commandsOf(block);
  if (commands.length === 0) return ['no command: in `console` they begin with "$ "'];
  return commands.flatMap((command) => commandError(command) ?? []);
}

function nginxErrors({ code }: CodeBlock): string[] {
  const wrong = statementErrors(code, /^\s*(?:[^;{}]+(?:;|\{(?:\s*\})?)|\})\s*$/);
  const count = (brace: string): number => code.split(brace).length;
  return count('{') === count('}') ? wrong : [...wrong, 'braces that do not match'];
}

function yamlErrors({ code }: CodeBlock): string[] {
  return statementErrors(code, /^(?: {2})*(?:- )*(?:[\w./-]+:(?: .*)?|\S.*)$/);
}

/** The lines that are of no form that the language has. Empty ones and comments are. */
function statementErrors(code: string, form: RegExp): string[] {
  const lines = code.split('\n').map((line) => line.replace(/(^|\s+)#.*$/, ''));
  return lines.filter((line) => line.trim() !== '' && !form.test(line));
}

function faultOf(run: () => unknown): string[] {
  try {
    run();
    return [];
  } catch (error) {
    return [String(error)];
  }
}

/** The scripts of a page, at the lines at which they stand. */
function scriptsOf(block: CodeBlock): CodeBlock[] {
  return Array.from(block.code.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g), ({ 0: all, 1: code = '', index }) => {
    const before = block.code.slice(0, index + all.indexOf(code, all.indexOf('>')));
    return { ...block, language: 'js', code, line: block.line + before.split('\n').length - 1 };
  });
}

describe('the code in README.md and docs/', () => {
  const blocks = pages().flatMap(blocksOf);

  it('should be in languages that are checked here', () => {
    const unknown = blocks.filter(({ language }) => !Object.hasOwn(checks, language));
    expect(unknown.map(({ page, line, language }) => `${page}:${line}: ${language}`)).to.deep.equal([]);
    expect(blocks.length).to.be.greaterThan(60);
  });

  it('should have commands that there are, and configuration that can be read', () => {
    const faults = blocks.flatMap((block) =>
      (checks[block.language]?.(block) ?? []).map((fault) => `${block.page}:${block.line}: ${fault}`),
    );
    expect(faults).to.deep.equal([]);
  });

  it('should compile, TypeScript and JavaScript', async () => {
    const code = blocks.flatMap((block) => {
      if (block.language === 'html') return scriptsOf(block);
      return block.language === 'ts' || block.language === 'js' ? [block] : [];
    });
    expect(await typeErrors(code)).to.deep.equal([]);
  });

  it('should not compile where a block has a fault: the checks see all that they are shown', async () => {
    const block = { page: 'docs/none.md', language: 'ts' };
    const faults = await typeErrors([
      { ...block, line: 10, code: 'void store.pipe(toEventSource(res));' },
      { ...block, line: 20, code: "import { of } from 'rxjs';\n\nof(new Message({ data: 1 }));" },
      { ...block, line: 30, code: 'const message: Message<number> = new Message({ data: 1 });' },
    ]);
    expect(faults.map((fault) => fault.replace(/error TS\d+: (Cannot find name '\w+').*/, '$1'))).to.deep.equal([
      "docs/none.md:10: Cannot find name 'store'",
      "docs/none.md:10: Cannot find name 'res'",
      "docs/none.md:22: Cannot find name 'Message'",
    ]);
  });
});
