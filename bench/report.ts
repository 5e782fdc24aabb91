import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { pinned } from './Child.ts';
import type { Load } from './cases.ts';
import type { Sample } from './measure.ts';
import { floors, type Server } from './servers.ts';
import { type Summary, summaryOf } from './statistics.ts';

/** All runs of one case, by the names of the servers. A run that failed is not among them. */
export interface CaseResult {
  readonly name: string;
  readonly load: Load;
  readonly samples: ReadonlyMap<Server, Sample[]>;
}

/** The table of a case as text, with ratios to the floor of the same protocol. */
export function tableOf({ name, load, samples }: CaseResult): string {
  const { kind, ...rest } = load;
  const facts = Object.entries(rest).map(([key, value]) => `${key} ${value}`);
  const rows = [...samples].map(([server, runs]) => {
    const figures = figuresOf(runs);
    const cells = Object.values(figures).map(textOf);
    return [server.name, versionOf(server), cells[0] ?? 'failed', ratioOf(server, samples), ...cells.slice(1)];
  });
  const names = Object.keys([...samples.values()].find((runs) => runs.length > 0)?.[0] ?? {});
  const head = ['server', 'version', names[0] ?? '', 'of floor', ...names.slice(1)];
  return `${name} (${facts.join(', ')})\n${aligned([head, ...rows])}\n`;
}

/** Writes what was measured to results/, all runs included, and gives the path. */
export function save(results: readonly CaseResult[]): string {
  const time = new Date().toISOString();
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = new URL(`${time.replaceAll(':', '-').slice(0, 19)}.json`, folder);
  const report = {
    time,
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    pinned,
    cases: results.map(({ name, load, samples }) => ({
      name,
      load,
      servers: [...samples].map(([server, runs]) => ({
        name: server.name,
        version: versionOf(server),
        figures: figuresOf(runs),
        runs,
      })),
    })),
  };
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
  return `bench/results/${file.pathname.split('/').at(-1)}`;
}

function figuresOf(runs: readonly Sample[]): Readonly<Record<string, Summary>> {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, summaryOf(runs.map((run) => run[name] ?? Number.NaN))]));
}

/** Medians of the same session: absolute figures drift, ratios do so less. */
function ratioOf(server: Server, samples: CaseResult['samples']): string {
  const own = Object.values(figuresOf(samples.get(server) ?? []))[0]?.median;
  const floor = [...samples].find(([{ name }]) => name === floors[server.protocol]);
  const base = Object.values(figuresOf(floor?.[1] ?? []))[0]?.median;
  return own === undefined || base === undefined ? '' : (own / base).toFixed(2);
}

function versionOf({ package: name }: Server): string {
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

function textOf({ median, min, max }: Summary): string {
  if (Number.isNaN(median)) return '-';
  return min === max ? short(median) : `${short(median)} (${short(min)}–${short(max)})`;
}

function short(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 2))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}
