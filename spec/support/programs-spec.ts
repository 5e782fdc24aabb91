import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ensurePrograms, type Machine, type Program } from './programs.ts';

const needed: readonly Program[] = [
  { name: 'redis-server', package: 'redis-server' },
  { name: 'redis-cli', package: 'redis-tools' },
  { name: 'redis-benchmark', package: 'redis-tools' },
  { name: 'chromium', package: 'chromium', variable: 'CHROMIUM' },
];

describe('ensurePrograms', () => {
  let folder: string;
  let commands: string[];
  let lines: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'programs-'));
    commands = [];
    lines = [];
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const program = (name: string, mode = 0o755): string => {
    const path = join(folder, name);
    writeFileSync(path, '');
    chmodSync(path, mode);
    return path;
  };

  const machine = ({
    mayInstall = true,
    env = {},
    run = (): number => 0,
  }: {
    mayInstall?: boolean;
    env?: Record<string, string>;
    run?: (line: string) => number;
  } = {}): Machine => ({
    env: { PATH: `/no-such-folder:${folder}`, ...env },
    mayInstall,
    run: (command, args) => {
      const line = [command, ...args].join(' ');
      commands.push(line);
      return run(line);
    },
    say: (line) => lines.push(line),
  });

  it('should run nothing when all programs are there', () => {
    for (const { name } of needed) program(name);
    ensurePrograms(needed, machine());
    expect(commands).to.deep.equal([]);
    expect(lines).to.deep.equal([]);
  });

  it('should install the packages of what is missing, each once, and say so', () => {
    program('redis-server');
    const installing = machine({
      run: (line) => {
        if (line.includes(' install ')) for (const { name } of needed) program(name);
        return 0;
      },
    });
    ensurePrograms(needed, installing);
    expect(commands).to.have.length(2);
    expect(commands[0]).to.match(/^apt-get update /);
    expect(commands[1]).to.match(/^apt-get install -y .*--no-install-recommends .*redis-tools chromium$/);
    expect(commands[1]).not.to.include('redis-server');
    expect(lines).to.deep.equal(['Installing what the specs need and this machine lacks: redis-tools, chromium']);
  });

  it('should install although the lists could not all be updated', () => {
    const installing = machine({
      run: (line) => {
        if (line.includes(' update ')) return 100;
        for (const { name } of needed) program(name);
        return 0;
      },
    });
    ensurePrograms(needed, installing);
    expect(commands).to.have.length(2);
  });

  it('should fail with the command to run where it may not install', () => {
    program('redis-server');
    program('redis-benchmark');
    expect(() => ensurePrograms(needed, machine({ mayInstall: false })))
      .to.throw('redis-cli, chromium (or CHROMIUM=<path>)')
      .with.property('message')
      .that.includes('  sudo apt-get update && sudo apt-get install -y --no-install-recommends redis-tools chromium\n');
    expect(commands).to.deep.equal([]);
  });

  it('should fail with the command to run when the installation failed', () => {
    expect(() => ensurePrograms(needed, machine({ run: () => 100 })))
      .to.throw('apt-get ended with 100')
      .with.property('message')
      .that.includes('apt-get install -y --no-install-recommends redis-server redis-tools chromium');
  });

  it('should fail when the packages did not bring the programs', () => {
    expect(() => ensurePrograms(needed, machine())).to.throw('redis-server, redis-cli');
  });

  it('should take a file that cannot be executed, or a folder, as missing', () => {
    for (const { name } of needed) program(name);
    program('redis-cli', 0o644);
    expect(() => ensurePrograms(needed, machine({ mayInstall: false }))).to.throw('this machine: redis-cli.');
    mkdirSync(join(folder, 'nginx'));
    expect(() => ensurePrograms([{ name: 'nginx', package: 'nginx' }], machine({ mayInstall: false }))).to.throw(
      'this machine: nginx.',
    );
  });

  it('should take another executable from the variable', () => {
    for (const { name } of needed.slice(0, 3)) program(name);
    const chrome = program('my-chrome');
    for (const named of [chrome, 'my-chrome']) ensurePrograms(needed, machine({ env: { CHROMIUM: named } }));
    expect(commands).to.deep.equal([]);
  });

  it('should say so when the variable names nothing that can be executed, and install nothing in its place', () => {
    for (const { name } of needed) program(name);
    expect(() => ensurePrograms(needed, machine({ env: { CHROMIUM: '/no-such-folder/chrome' } }))).to.throw(
      'CHROMIUM names /no-such-folder/chrome, which is not an executable file.',
    );
    expect(commands).to.deep.equal([]);
  });
});
