import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type CodeBlock, root } from './pages.ts';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
};

const options = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    types: ['node'],
    lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable'],
    allowJs: true,
    checkJs: true,
    // NestJS's.
    experimentalDecorators: true,
    erasableSyntaxOnly: false,
    skipLibCheck: true,
    // A page has no more than it needs.
    noUnusedLocals: false,
    noUnusedParameters: false,
    verbatimModuleSyntax: false,
    isolatedDeclarations: false,
    declaration: false,
  },
};

/**
 * What the compiler has to say of blocks of TypeScript and JavaScript, by page and line.
 *
 * Each is a module of its own. A block with an `import` is a whole file: it has to import all that it needs of packages.
 * Any other has the exports of `tornadose`, `tornadose/redis` and what its page's prelude, `preludes/<page>.ts`, exports
 * from elsewhere. What the prelude declares is there for all blocks of the page.
 */
export async function typeErrors(blocks: readonly CodeBlock[]): Promise<string[]> {
  // Within the project, so that packages are found as a user's file finds them.
  const folder = await mkdtemp(join(root, 'spec/.docs-'));
  try {
    const files = new Map(blocks.map((block) => [fileOf(block), block]));
    for (const [name, block] of files) await writeFile(join(folder, name), `${headOf(block)}\n${block.code}\n`);
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ ...options, include: [], files: [...files.keys(), '../docs/preludes/better-sse.d.ts'] }),
    );
    return (await compile(folder)).map((line) => {
      const [, name = '', row = '', message = ''] = /([^/]+)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
      const block = files.get(name);
      // The head is the first line of the file.
      return block === undefined ? line : `${block.page}:${block.line + Number(row) - 2}: ${message}`;
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const fileOf = ({ page, line, language }: CodeBlock): string => `${page.replace(/\.md$|\W/g, '')}-${line}.${language}`;

/** The compiler's lines that tell of an error. */
function compile(folder: string): Promise<string[]> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-p', folder], { cwd: root, maxBuffer: 2 ** 26 }, (error, out, err) => {
      // Without any it was not the blocks that made it fail.
      const lines = out.split('\n').filter((line) => /error TS\d+/.test(line));
      resolve(error === null || lines.length > 0 ? lines : [`${error.message}\n${out}${err}`]);
    });
  });
}

/** One line, which imports what the block uses and does not say. */
function headOf({ page, code }: CodeBlock): string {
  const prelude = preludeOf(page);
  const isWhole = /^import\b/m.test(code);
  const own = ownNames(code);
  const used = new Set(code.match(/[A-Za-z_$][\w$]*/g));
  const wanted = (names: readonly string[]): string[] => names.filter((name) => used.has(name) && !own.has(name));
  const imports = [
    ...wanted(isWhole ? prelude.declared : [...prelude.declared, ...prelude.exported]).map(
      (name) => [name, `../docs/preludes/${basename(page, '.md')}.ts`] as const,
    ),
    ...(isWhole ? [] : wanted([...libraryNames.keys()]).map((name) => [name, libraryNames.get(name)] as const)),
  ];
  // `export {}` makes it a module where nothing else does.
  return ['export {};', ...imports.map(([name, from]) => `import { ${name} } from '${from}';`)].join(' ');
}

/** What a block declares or imports at its top. */
function ownNames(code: string): Set<string> {
  const declared = Array.from(
    code.matchAll(
      /^(?:export )?(?:declare )?(?:abstract )?(?:async )?(?:const|let|var|class|function\*?|interface|type) +(\{[^}]*\}|\[[^\]]*\]|[\w$]+)/gm,
    ),
    ([, names]) => names as string,
  );
  const imported = Array.from(code.matchAll(/^import (?:type )?([^'"]*?) from/gm), ([, names]) => names as string);
  return new Set([...declared, ...imported].flatMap((names) => names.match(/[\w$]+/g) ?? []));
}

function preludeOf(page: string): { readonly declared: string[]; readonly exported: string[] } {
  const path = join(root, `spec/docs/preludes/${basename(page, '.md')}.ts`);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const declared = text.matchAll(/^export (?:declare )?(?:const|class|function|interface|type) (\w+)/gm);
  return { declared: Array.from(declared, ([, name]) => name as string), exported: exportsIn(text) };
}

/** The names in `export { a, type B }`. */
function exportsIn(text: string): string[] {
  const lists = Array.from(text.matchAll(/^export (?:type )?\{([^}]*)\} from/gm), ([, list]) => list as string);
  return lists.flatMap((list) =>
    list
      .split(',')
      .map((each) =>
        each
          .trim()
          .replace(/^type /, '')
          .replace(/^.* as /, ''),
      )
      .filter((name) => name !== ''),
  );
}

/** The door of the package that each name is behind. */
const doors = Object.entries(manifest.exports).flatMap(([door, target]) =>
  typeof target === 'string'
    ? []
    : exportsIn(readFileSync(join(root, target.default.replace(/dist\/(.*)\.js$/, 'src/$1.ts')), 'utf8')).map(
        (name) => [name, door.replace('.', 'tornadose')] as const,
      ),
);
const libraryNames: ReadonlyMap<string, string> = new Map(doors);
