import { execFile } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from './temporaryFolder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
let folder: Promise<string> | undefined;

/**
 * Where the project's TypeScript is as JavaScript, each file at the path that it has in the project. Node starts such a
 * program in a third of the time that it takes with tsx, and the specs start dozens of them; what is measured is what users run.
 */
export function compiledFolder(): Promise<string> {
  folder ??= compile();
  return folder;
}

async function compile(): Promise<string> {
  const { path } = temporaryFolder();
  // A package finds itself by its name. Here its doors are in `src`.
  const manifest = readFileSync(join(root, 'package.json'), 'utf8').replaceAll('./dist/', './src/');
  writeFileSync(join(path, 'package.json'), manifest);
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
  // The pages of the demos, and the demos that the gallery shows.
  cpSync(join(root, 'demos'), join(path, 'demos'), { recursive: true });
  // What is wrong with the types, `npm run test:types` tells.
  const emit = ['--noEmit', 'false', '--noCheck', '--declaration', 'false', '--isolatedDeclarations', 'false'];
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', root, ...emit, '--rootDir', root, '--outDir', path]);
  return path;
}
