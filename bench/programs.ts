import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** What is measured beside Node, and is no npm package. */
export interface Program {
  readonly name: string;
  /** A file that is there when it can be used. */
  readonly file: string;
  /** The Debian packages that have it. */
  readonly packages: readonly string[];
  /** The one whose version counts. */
  readonly versionOf: string;
}

export const nginx: Program = {
  name: 'nginx with nchan',
  file: '/usr/lib/nginx/modules/ngx_nchan_module.so',
  packages: ['nginx', 'libnginx-mod-nchan'],
  versionOf: 'libnginx-mod-nchan',
};

const tried = new Set<Program>();

/** Whether it is there now: installs it where that is possible, and says so where not. */
export function ensureProgram(program: Program): boolean {
  const there = (): boolean => existsSync(program.file);
  if (there() || tried.has(program)) return there();
  tried.add(program);
  console.error(`Installing ${program.name} …`);
  if (process.getuid?.() === 0) install(program.packages);
  if (!there())
    console.error(
      `Left out: ${program.name}. On Debian, this installs it: sudo apt-get install -y ${program.packages.join(' ')}`,
    );
  return there();
}

/** `1.3.6` of Debian's `1:1.3.6+dfsg-2`. */
export function versionOfProgram({ versionOf }: Program): string | undefined {
  const { stdout } = spawnSync('dpkg', ['--status', versionOf], { encoding: 'utf8' });
  return /^Version: (?:\d+:)?([\d.]+)/m.exec(stdout ?? '')?.[1];
}

/** Debian's packages ask this file whether they may start their services, which nobody here asked for. */
const policy = '/usr/sbin/policy-rc.d';

function install(packages: readonly string[]): void {
  const ours = !existsSync(policy);
  // An interrupt ends apt-get; it is not to end this process as well, and leave the file behind.
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  try {
    if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    apt(['update']);
    apt(['install', '-y', '--no-install-recommends', ...packages]);
  } catch {
    // There is no such folder where there is no Debian.
  } finally {
    if (ours) rmSync(policy, { force: true });
    process.off('SIGINT', ignore);
  }
}

function apt(args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', ...args], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
