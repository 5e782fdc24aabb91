import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What the files of each folder of `src` may import, beside each other. Events travel one way, and so do imports. */
const layers: Readonly<Record<string, readonly string[]>> = {
  // message, errors, options, memo, later, diagnostics
  '.': [],
  encoding: ['.'],
  pull: ['.'],
  operators: ['.', 'pull'],
  stores: ['.', 'encoding', 'operators', 'pull'],
  presence: ['.', 'encoding', 'stores'],
  redis: ['.', 'encoding', 'presence', 'pull', 'stores'],
  flow: ['.', 'encoding', 'operators', 'pull'],
  sinks: ['.', 'encoding', 'flow'],
  metrics: ['.', 'flow'],
};

interface Import {
  readonly file: string;
  readonly from: string;
  readonly isType: boolean;
}

const filesOf = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`)
    .sort();
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');
const sources = filesOf('src');
const specs = filesOf('spec').filter((file) => file.endsWith('-spec.ts') || file.endsWith('Contract.ts'));

const imports: readonly Import[] = sources.flatMap((file) =>
  Array.from(
    textOf(file).matchAll(/^(?:import|export)( type)?\b[^;]*?\bfrom '([^']+)'|\bimport\('([^']+)'\)/gm),
    ([, isType, from, dynamic]) => ({ file, from: from ?? dynamic ?? '', isType: isType !== undefined }),
  ),
);

describe('the house', () => {
  it('should be found by this spec', () => {
    expect(sources.length).to.be.greaterThan(40);
    expect(specs.length).to.be.greaterThan(20);
    expect(imports.length).to.be.greaterThan(100);
    const folders = new Set(sources.map((file) => dirname(file).replace(/^src\/?/, '') || '.'));
    expect([...folders].sort()).to.deep.equal(Object.keys(layers).sort());
  });

  it('should import from earlier layers only', () => {
    const wrong = imports.filter(({ file, from }) => {
      const isDoor = file.endsWith('/index.ts');
      if (isDoor || !from.startsWith('.')) return false;
      const folder = dirname(file).replace(/^src\/?/, '') || '.';
      const target = dirname(normalize(join(dirname(file), from))).replace(/^src\/?/, '') || '.';
      return target !== folder && !layers[folder]?.includes(target);
    });
    expect(wrong).to.deep.equal([]);
  });

  it('should import no door from within', () => {
    expect(imports.filter(({ from }) => /(^|\/)index\.ts$|^tornadose/.test(from))).to.deep.equal([]);
  });

  it('should keep the main door free of Redis', () => {
    expect(imports.filter(({ file, from }) => file === 'src/index.ts' && from.includes('redis'))).to.deep.equal([]);
  });

  it('should need rxjs alone: ws and ioredis come in as types of their shape, Node’s modules where they are there', () => {
    const packages = imports.filter(
      ({ from, isType }) => !from.startsWith('.') && !(from.startsWith('node:') && isType),
    );
    // `typeof import('node:…')` is a type as well, and the way to ask for a module that may be missing.
    const others = packages.filter(({ file, from }) => !textOf(file).includes(`typeof import('${from}')`));
    expect([...new Set(others.map(({ from }) => from))]).to.deep.equal(['rxjs']);
  });

  it('should say in each title what should be', () => {
    const titles = specs.flatMap((file) =>
      Array.from(textOf(file).matchAll(/\bit\(\s*(['"`])(.*?)\1/g), ([, , title = '']) => ({ file, title })),
    );
    expect(titles.length).to.be.greaterThan(200);
    expect(titles.filter(({ title }) => !title.startsWith('should '))).to.deep.equal([]);
  });

  it('should run every spec', () => {
    const skipping = /\b(?:describe|context|it)\.(?:only|skip)\b|\bthis\.skip\(|\bx(?:it|describe)\(/;
    expect(specs.filter((file) => file !== 'spec/house-spec.ts' && skipping.test(textOf(file)))).to.deep.equal([]);
  });
});
