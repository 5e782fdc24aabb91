import { cases, type Load } from './cases.ts';
import { type CaseReport, failureOf, floorOf, mainFigure, type Report, type Row } from './Report.ts';
import type { Summary } from './statistics.ts';

/** The table of a case, for a terminal. */
export function textTable(report: CaseReport): string {
  const [head, ...rows] = table(report);
  return `${titleOf(report)}\n${aligned([head ?? [], ...rows])}\n`;
}

/** All tables as Markdown, with what they were measured on. */
export function markdown(report: Report): string {
  const { node, cpu, cores, pinned, time } = report;
  return [
    '# What was measured',
    '',
    `Written by \`npm run bench\` on ${time.slice(0, 10)}: Node ${node.slice(1)}, ${cores} cores of ${cpu ?? 'an unknown kind'},`,
    `${pinned ? 'the server on one of them and the clients on the other' : 'server and clients on all of them'}. Medians, with`,
    'the lowest and the highest. [The method and its limits](../README.md).',
    '',
    ...report.cases.flatMap(markdownTable),
  ].join('\n');
}

function markdownTable(report: CaseReport): string[] {
  const [head, ...rows] = table(report).map((cells) => `| ${cells.join(' | ')} |`);
  const rule = (table(report)[0] ?? []).map(() => '---');
  return [`## ${titleOf(report)}`, '', head ?? '', `| ${rule.join(' | ')} |`, ...rows, ''];
}

function titleOf({ name, load, otherLoads = {} }: CaseReport): string {
  const others = Object.entries(otherLoads).map(([server, other]) => `${server}: ${loadText(other, load)}`);
  return `${name} (${[loadText(load), ...others].join('; ')})`;
}

/** What it is, or in what it is another one than `than`. */
function loadText({ kind: _, ...load }: Load, than?: Load): string {
  const parts = Object.entries(load).filter(([key, value]) => Reflect.get(than ?? {}, key) !== value);
  return parts.map(([key, value]) => `${key} ${value}`).join(', ');
}

/** The rows as text, the head first. */
function table(report: CaseReport): string[][] {
  const ratio = cases.find(({ name }) => name === report.name)?.ratio;
  const names = Object.keys(report.servers.find(({ runs }) => runs.length > 0)?.figures ?? {});
  const head = ['server', 'version', names[0] ?? '', ...(ratio === undefined ? [] : [ratio]), ...names.slice(1)];
  const rows = report.servers.map((row) => {
    const [main, ...more] = Object.values(row.figures).map(textOf);
    const told = [main, failureOf(row)].filter((text) => text !== undefined).join(', ');
    const cells = [row.name, row.version, told, ...(ratio === undefined ? [] : [ratioOf(row, report)]), ...more];
    return [...cells, ...head.slice(cells.length).map(() => '')];
  });
  return [head, ...rows];
}

/** Medians of the same session: absolute figures drift, ratios do so less. */
function ratioOf(row: Row, report: CaseReport): string {
  const floor = floorOf(row, report);
  const [own, base] = [mainFigure(row), floor && mainFigure(floor)];
  return own === undefined || base === undefined ? '' : (own / base).toFixed(2);
}

function textOf({ median, min, max }: Summary): string {
  // JSON has no NaN.
  if (median === null || Number.isNaN(median)) return '-';
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
