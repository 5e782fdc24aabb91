import { readFileSync, writeFileSync } from 'node:fs';
import { chartOf } from './chart.ts';
import { type Report, resultsFile } from './Report.ts';
import { markdown } from './tables.ts';

/** Writes what the README shows: the tables and the chart. */
export async function publish(report: Report): Promise<void> {
  const write = (name: string, text: string): void => {
    writeFileSync(resultsFile(name), text);
    console.log(`Written: bench/results/${name}`);
  };
  write('latest.md', markdown(report));
  const chart = await chartOf(report);
  if (chart === undefined) console.log('No chart: it shows the cases single and burst.');
  else write('chart.svg', chart);
}

/** A file that the bench has written, by its path from where the command was given. */
export function read(file: string): Report {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** A report with the cases of a later one in place of its own. A case is replaced as a whole, as its ratios are of one session. */
export function withLater(earlier: Report, later: Report): Report {
  const again = new Map(later.cases.map((each) => [each.name, each]));
  const cases = earlier.cases.map((each) => again.get(each.name) ?? each);
  const names = new Set(cases.map(({ name }) => name));
  return { ...later, cases: [...cases, ...later.cases.filter(({ name }) => !names.has(name))] };
}
