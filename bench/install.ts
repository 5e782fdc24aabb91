import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const changed = (file: string): number =>
  statSync(new URL(file, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Installs what tornadose is measured beside, unless it is there as the lockfile says. */
export function installPeers(): void {
  // npm writes this one at the end of an install.
  if (changed('./node_modules/.package-lock.json') >= changed('./package-lock.json')) return;
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const { status } = spawnSync('npm', ['ci', '--prefix', folder], { stdio: 'inherit', cwd: folder });
  if (status !== 0) throw new Error('The packages of bench/package.json could not be installed');
}
