import type { Check, Outcome } from './runScenario.ts';
import type { Criterion, Scenario } from './Scenario.ts';

/** The table's head, for a table with these scenarios. */
export function head(all: readonly Scenario[]): string {
  return line(all, '', 'scenario', 'result', 'figures, with their limits', '');
}

/** One row: what it is, its figures beside their limits, and what falls short. */
export function row(all: readonly Scenario[], outcome: Outcome, width = 160): string {
  const { scenario, checks, notes, trouble, seconds, passed } = outcome;
  const short = checks.filter(({ holds }) => !holds).map((check) => `FALLS SHORT: ${textOf(check)}`);
  const texts =
    trouble === undefined
      ? [...checks.filter(({ holds }) => holds).map(textOf), ...short, ...notes]
      : [`FALLS SHORT: ${trouble}`, ...notes];
  const margin = line(all, '', '', '', '', '').length;
  const figures = wrap(texts, Math.max(width - margin, 40)).join(`\n${' '.repeat(margin)}`);
  return line(all, scenario.id, scenario.title, passed ? 'pass' : 'FALLS SHORT', figures, `${seconds.toFixed(0)} s`);
}

function line(
  all: readonly Scenario[],
  id: string,
  title: string,
  result: string,
  figures: string,
  time: string,
): string {
  const ids = Math.max(...all.map((each) => each.id.length));
  const titles = Math.max(...all.map((each) => each.title.length));
  return `${id.padEnd(ids)}  ${title.padEnd(titles)}  ${time.padStart(4)}  ${result.padEnd(11)}  ${figures}`;
}

function textOf({ figure, value, limit }: Check): string {
  const { unit = '' } = limit;
  const amount = value === undefined || Number.isNaN(value) ? 'not measured' : `${numeral(value)} ${unit}`.trimEnd();
  const bound = boundOf(limit);
  return bound === '' ? `${figure} ${amount}` : `${figure} ${amount} (${bound})`;
}

function boundOf({ exactly, atMost, atLeast }: Criterion): string {
  // Where all is to be there, or nothing, the figure says so itself.
  if (exactly !== undefined) return exactly === 0 || exactly === 100 ? '' : `= ${numeral(exactly)}`;
  const bounds = [
    atLeast === undefined ? '' : `≥ ${numeral(atLeast)}`,
    atMost === undefined ? '' : `≤ ${numeral(atMost)}`,
  ];
  return bounds.filter((bound) => bound !== '').join(', ');
}

function numeral(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 100 ? 1 : 0 });
}

function wrap(texts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + text.length + 3 <= width) lines[lines.length - 1] = `${last} · ${text}`;
    else lines.push(text);
  }
  return lines;
}
