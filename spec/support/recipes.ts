import { readFileSync } from 'node:fs';

/**
 * A configuration as `docs/proxies.md` shows it: the block whose first line is `# <name>`. What readers copy is so what
 * runs here.
 *
 * @param own what is of this run and not of the recipe, such as ports: each text is there, and replaced everywhere
 */
export function recipe(name: string, own: Readonly<Record<string, string>> = {}): string {
  const text = readFileSync(new URL('../../docs/proxies.md', import.meta.url), 'utf8');
  const blocks = Array.from(text.matchAll(/^```\w+\n(.*?)^```$/gms), ([, block = '']) => block);
  const block = blocks.find((each) => each.startsWith(`# ${name}\n`));
  if (block === undefined) throw new Error(`docs/proxies.md has no block that begins with "# ${name}"`);
  return Object.entries(own).reduce(replaced, block);
}

function replaced(block: string, [part, by]: [string, string]): string {
  if (!block.includes(part)) throw new Error(`The recipe has no ${JSON.stringify(part)}:\n${block}`);
  return block.replaceAll(part, by);
}
