import { readFileSync } from 'node:fs';
import { versionOfProgram } from './programs.ts';
import type { Server } from './servers.ts';

/** That of its package or program, or else Node's. */
export function versionOf({ package: name, program }: Server): string {
  if (program !== undefined) return versionOfProgram(program) ?? '?';
  if (name === undefined) return `node ${process.versions.node}`;
  const folders = name === 'tornadose' ? ['..'] : [`node_modules/${name}`, `../node_modules/${name}`];
  for (const folder of folders) {
    try {
      return JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8')).version;
    } catch {
      // RxJS is that of the folder above.
    }
  }
  return '?';
}
