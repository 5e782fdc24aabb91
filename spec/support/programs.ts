import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** A program that the specs start. */
export interface Program {
  readonly name: string;
  /** The Debian package that has it. */
  readonly package: string;
  /** The environment variable that may name another executable in its place. */
  readonly variable?: string;
  /** Where Debian has it, when that is not on everybody's PATH. */
  readonly folder?: string;
}

/** What `npm test` and the scenarios need beside their npm packages: a line for each. */
const programs: readonly Program[] = [
  { name: 'redis-server', package: 'redis-server' },
  { name: 'redis-cli', package: 'redis-tools' },
  { name: 'chromium', package: 'chromium', variable: 'CHROMIUM' },
  { name: 'curl', package: 'curl' },
  { name: 'nginx', package: 'nginx', folder: '/usr/sbin' },
  { name: 'haproxy', package: 'haproxy', folder: '/usr/sbin' },
  { name: 'nghttp', package: 'nghttp2-client' },
  { name: 'openssl', package: 'openssl' },
];

/** What this needs of a machine, so that its own spec can do without one. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether Debian packages may be installed: by root, where there is `apt-get`. */
  readonly mayInstall: boolean;
  /** Runs a command to its end, shows its output if it failed, and tells its exit code. */
  run(command: string, args: readonly string[]): number;
  say(line: string): void;
}

const thisMachine: Machine = {
  env: process.env,
  mayInstall: process.getuid?.() === 0 && onPath('apt-get', process.env.PATH) !== undefined,
  run: runWithoutServices,
  say: (line) => console.log(line),
};

/** Where a program is, such as `/usr/bin/chromium`: for specs that start it. */
export function pathOf(name: string): string {
  const program = programs.find((each) => each.name === name);
  const path = program && find(program, process.env);
  if (path === undefined)
    throw new Error(`${name} is not on the PATH, or not one of the programs that the specs need.`);
  return path;
}

/**
 * Sees to it that all programs are there: installs those that are missing where it may, and otherwise throws with the
 * command that does. Called once, before the specs.
 */
export function ensurePrograms(needed: readonly Program[] = programs, machine: Machine = thisMachine): void {
  const missing = missingOf(needed, machine);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((each) => each.package))];
  if (!machine.mayInstall) throw new Error(advice(missing, packages, 'sudo '));

  machine.say(`Installing what the specs need and this machine lacks: ${packages.join(', ')}`);
  // The lists of a fresh machine are missing or old. One broken source in them need not matter: the install will tell.
  machine.run('apt-get', ['update', '-qq', ...patience]);
  const code = machine.run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...patience, ...packages]);
  const stillMissing = missingOf(needed, machine);
  if (code === 0 && stillMissing.length === 0) return;
  throw new Error(`Installing failed: apt-get ended with ${code}. ${advice(missing, packages, '')}`);
}

/** Debian's own upgrades run in the background of a machine that has just started, and hold the lock. */
const patience = ['-o', 'DPkg::Lock::Timeout=300'];

function missingOf(needed: readonly Program[], machine: Machine): readonly Program[] {
  return needed.filter((program) => {
    const path = find(program, machine.env);
    const { variable } = program;
    if (path === undefined && variable !== undefined && machine.env[variable]) {
      throw new Error(`${variable} names ${machine.env[variable]}, which is not an executable file.`);
    }
    return path === undefined;
  });
}

function advice(missing: readonly Program[], packages: readonly string[], as: string): string {
  const names = missing.map(({ name, variable }) =>
    variable === undefined ? name : `${name} (or ${variable}=<path>)`,
  );
  return [
    `The specs need programs that are not on this machine: ${names.join(', ')}.`,
    'On Debian and Ubuntu, this installs them; elsewhere, put them on the PATH:',
    '',
    `  ${as}apt-get update && ${as}apt-get install -y --no-install-recommends ${packages.join(' ')}`,
    '',
  ].join('\n');
}

function find({ name, variable, folder }: Program, env: Machine['env']): string | undefined {
  const named = variable === undefined ? undefined : env[variable];
  return onPath(named || name, [env.PATH, folder].filter(Boolean).join(delimiter));
}

function onPath(name: string, path = ''): string | undefined {
  const candidates = name.includes('/') ? [name] : path.split(delimiter).map((folder) => resolve(folder, name));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
}

/** Debian's packages ask this file whether they may start their services. */
const policy = '/usr/sbin/policy-rc.d';

/** Installs without starting a Redis of the machine's, which nobody here asked for. */
function runWithoutServices(command: string, args: readonly string[]): number {
  const ours = !existsSync(policy);
  // An interrupt ends apt-get, which this waits for; by itself it would end this process too, and leave the file.
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  try {
    if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    const { status, stdout, stderr } = spawnSync(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0) console.error(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
    return status ?? 1;
  } finally {
    if (ours) rmSync(policy, { force: true });
    process.off('SIGINT', ignore);
  }
}
