import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinned } from './Child.ts';
import type { Load } from './cases.ts';
import type { Sample } from './measures/Sample.ts';
import { type Server, servers } from './servers.ts';
import { type Summary, summaryOf } from './statistics.ts';
import { versionOf } from './versions.ts';

/** The runs of one server in one case. One that failed is not among them, but counted. */
export interface Runs {
  readonly samples: readonly Sample[];
  readonly failed: number;
}

/** All runs of one server in one case, with what they say together. */
export interface Row {
  readonly name: string;
  readonly version: string;
  /** How many runs failed beside those below. Earlier sessions did not count them. */
  readonly failed?: number;
  readonly figures: Readonly<Record<string, Summary>>;
  readonly runs: readonly Sample[];
}

export interface CaseReport {
  readonly name: string;
  readonly load: Load;
  /** Those of the servers that had another one, by name. */
  readonly otherLoads?: Readonly<Record<string, Load>> | undefined;
  readonly servers: readonly Row[];
}

/** What a session of the bench has measured: what the files in results/ are made from. */
export interface Report {
  readonly time: string;
  readonly node: string;
  readonly cpu: string | undefined;
  readonly cores: number;
  readonly pinned: boolean;
  readonly cases: readonly CaseReport[];
}

/** The path of a file in results/, which is there afterwards. */
export function resultsFile(name: string): string {
  const folder = fileURLToPath(new URL('./results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  return join(folder, name);
}

export function reportOf(time: Date, results: readonly CaseReport[]): Report {
  const [first] = cpus();
  return {
    time: time.toISOString(),
    node: process.version,
    cpu: first?.model,
    cores: cpus().length,
    pinned,
    cases: results,
  };
}

export function caseReportOf(about: Omit<CaseReport, 'servers'>, runs: ReadonlyMap<Server, Runs>): CaseReport {
  const rows = [...runs].map(([server, { samples, failed }]): Row => {
    return { name: server.name, version: versionOf(server), failed, figures: figuresOf(samples), runs: samples };
  });
  return { ...about, servers: rows };
}

/** Writes it as JSON to results/, and gives the path. */
export function save(report: Report): string {
  const name = `${report.time.replaceAll(':', '-').slice(0, 19)}.json`;
  writeFileSync(resultsFile(name), `${JSON.stringify(report, undefined, 2)}\n`);
  return `bench/results/${name}`;
}

/** The first figure, which the case is about. */
export function mainFigure({ figures }: Row): number | undefined {
  return Object.values(figures)[0]?.median;
}

/** How many of its runs failed, in words; `undefined` when none did. */
export function failureOf({ failed = 0, runs }: Row): string | undefined {
  if (runs.length === 0) return 'failed';
  return failed === 0 ? undefined : `${failed} of ${failed + runs.length} failed`;
}

/** What a server is compared to, of those who took part. */
export function floorOf(row: Row, report: CaseReport): Row | undefined {
  const floor = servers.find(({ name }) => name === row.name)?.floors.find((name) => rowOf(name, report));
  return floor === undefined ? undefined : rowOf(floor, report);
}

function rowOf(name: string, report: CaseReport): Row | undefined {
  return report.servers.find((row) => row.name === name);
}

function figuresOf(runs: readonly Sample[]): Readonly<Record<string, Summary>> {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, summaryOf(runs.map((run) => run[name] ?? Number.NaN))]));
}
