import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = new Set<string>();
process.once('exit', () => {
  for (const path of made) remove(path);
});

/** A folder for what a program of a spec writes. It goes with the process, if not before. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'tornadose-'));
  made.add(path);
  return { path, remove: () => remove(path) };
}

function remove(path: string): void {
  made.delete(path);
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}
