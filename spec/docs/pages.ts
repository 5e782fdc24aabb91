import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

/** A page of the documentation. */
export interface Page {
  /** From the root of the project on, such as `docs/redis.md`. */
  readonly path: string;
  readonly text: string;
}

/** A block of code in a page. */
export interface CodeBlock {
  readonly page: string;
  /** The line of the page on which its first line is, from 1 on. */
  readonly line: number;
  /** What stands behind the fence. */
  readonly language: string;
  readonly code: string;
}

/** README.md, and all that is in docs/. */
export function pages(): Page[] {
  const guides = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`)
    .sort();
  return ['README.md', ...guides].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** A page by its path. */
export function pageOf(path: string): Page {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

const fence = /^( *)(`{3,})(.*)$/;

/** The blocks of code of a page, in order. */
export function blocksOf({ path, text }: Page): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const [, indent, ticks, language] = fence.exec(lines[index] as string) ?? [];
    if (indent === undefined || ticks === undefined || language === undefined) continue;
    const first = index + 1;
    const length = lines.slice(first).findIndex((line) => line.trim() === ticks);
    if (length === -1) throw new Error(`${path}:${first}: a block of code that does not end`);
    const code = lines.slice(first, first + length).map((line) => line.slice(indent.length));
    blocks.push({ page: path, line: first + 1, language: language.trim(), code: code.join('\n') });
    index = first + length;
  }
  return blocks;
}

/** A page without its blocks of code. */
export function proseOf({ text }: Page): string {
  return text.replace(/^( *)(`{3,}).*\n[\s\S]*?\n *\2$/gm, '');
}
