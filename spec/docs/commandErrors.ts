import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CodeBlock, root } from './pages.ts';

const { scripts, dependencies, devDependencies, peerDependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
) as Record<string, Record<string, string> | undefined>;
const packages = new Set(['tornadose', ...Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })]);

/** Programs that a reader has or gets elsewhere. */
const others = new Set([
  'curl',
  'redis-cli',
  'redis-server',
  'nginx',
  'haproxy',
  'openssl',
  'kubectl',
  'kill',
  'h2load',
]);

/** The commands of a block: in `console` the lines after a prompt, in `sh` all of them. */
export function commandsOf({ language, code }: CodeBlock): string[] {
  return code
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => (language === 'console' ? (/^[$#] (.*)/.exec(line)?.[1] ?? '') : line))
    .flatMap((line) => line.replace(/(^| )# .*$/, '').split(/ (?:&&|\|) /))
    .map((command) => command.trim())
    .filter((command) => command !== '');
}

/** What is wrong with a command: a script, demo, file or program that is not there. */
export function commandError(command: string): string | undefined {
  const [program = '', ...args] = command.replace(/^(?:\w+=\S+ +)+/, '').split(/\s+/);
  if (program === 'npm') return npmError(args);
  if (program === 'node' || (program === 'npx' && args[0] === 'tsx')) {
    const file = args.find((each) => /\.[cm]?[jt]s$/.test(each));
    return file === undefined || existsSync(join(root, file)) ? undefined : `there is no file ${file}`;
  }
  return others.has(program) ? undefined : `the program ${program} is not one that a reader is told to have`;
}

function npmError([verb = '', ...args]: string[]): string | undefined {
  if (verb === 'ci') return undefined;
  if (verb === 'install') {
    const unknown = args.filter((each) => !each.startsWith('-') && !packages.has(each));
    return unknown.length === 0 ? undefined : `${unknown} is not a package that this one is used with`;
  }
  const script = verb === 'run' ? args[0] : verb;
  if (script === undefined || scripts?.[script] === undefined) return `there is no npm script ${script}`;
  const demo = script === 'demo' && args.includes('--') ? args[args.indexOf('--') + 1] : undefined;
  return demo === undefined || demo.startsWith('<') || existsSync(join(root, `demos/${demo}.ts`))
    ? undefined
    : `there is no demo ${demo}`;
}
