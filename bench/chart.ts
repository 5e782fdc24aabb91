import { type CaseReport, failureOf, mainFigure, type Report, type Row } from './Report.ts';
import { servers } from './servers.ts';

const panels = ['single', 'burst'];
const floor = 'floor tick';
const delivered = 'delivered %';
const title = 'CPU µs of the server process for each event delivered';

const rowHeight = 22;
const top = 84;
/** Of a panel: the names, the bars, and their figures. */
const [names, bars, figures] = [136, 264, 112];
const width = 2 * (names + bars + figures);
const colours = {
  own: '#e8590c',
  peer: '#74839a',
  floor: '#c3cbd6',
  text: '#24292f',
  quiet: '#57606a',
  line: '#24292f',
};

/** What draw.mjs has. */
interface Drawing {
  draw(option: object, size: { readonly width: number; readonly height: number }): string;
}

/** The CPU that an event takes, by server, as an SVG; undefined when the cases that it shows were not measured. */
export async function chartOf(report: Report): Promise<string | undefined> {
  const shown = panels.map((name) => panelOf(report.cases.find((each) => each.name === name)));
  if (shown.some(({ rows }) => rows.length === 0)) return undefined;
  const rowCount = Math.max(...shown.map(({ rows }) => rows.length));
  const height = top + rowCount * rowHeight + 16;
  const leftOf = (index: number): number => names + index * (width / 2);
  const option = {
    animation: false,
    // GitHub's dark page would show through.
    backgroundColor: '#ffffff',
    textStyle: {
      fontFamily: 'system-ui, Helvetica, Arial, sans-serif',
      color: colours.text,
    },
    title: [
      {
        text: title,
        subtext: `less is better · Node ${report.node.slice(1)}, ${report.cpu ?? ''}, ${report.time.slice(0, 10)} · dashed: one shared buffer for each tick, by hand`,
        left: 12,
        top: 8,
        textStyle: { fontSize: 16, color: colours.text },
        subtextStyle: { fontSize: 12, color: colours.quiet },
      },
      ...shown.map((panel, index) => ({
        text: panel.title,
        left: leftOf(index),
        top: top - 24,
        textStyle: { fontSize: 13, color: colours.text },
      })),
    ],
    grid: shown.map(({ rows }, index) => ({
      left: leftOf(index),
      top,
      width: bars,
      height: rows.length * rowHeight,
    })),
    xAxis: shown.map((_, index) => ({ gridIndex: index, show: false, type: 'value', min: 0, max: 'dataMax' })),
    yAxis: shown.map(({ rows }, index) => ({
      gridIndex: index,
      type: 'category',
      inverse: true,
      data: rows.map(({ name }) => name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: {
        fontSize: 12,
        interval: 0,
        color: colours.text,
        formatter: (name: string) => (isOwn(name) ? `{own|${name}}` : name),
        rich: { own: { fontWeight: 'bold', color: colours.own, fontSize: 12 } },
      },
    })),
    series: shown.map(({ rows }, index) => seriesOf(rows, index)),
  };
  const { draw } = (await import(new URL('./draw.mjs', import.meta.url).href)) as Drawing;
  return labelled(draw(option, { width, height }));
}

/** With a name for those who do not see it, and without the styles for a mouse. */
function labelled(svg: string): string {
  return svg.replace(/<style.*<\/style>\n?/s, '').replace('>', `>\n<title>${title}</title>`);
}

function seriesOf(rows: readonly Row[], index: number): object {
  const base = rows.find((row) => row.name === floor && isComparable(row));
  return {
    type: 'bar',
    xAxisIndex: index,
    yAxisIndex: index,
    barWidth: 14,
    silent: true,
    data: rows.map((row) => ({ value: barOf(row), itemStyle: { color: colourOf(row.name) } })),
    label: {
      show: true,
      position: 'right',
      fontSize: 11,
      color: colours.quiet,
      formatter: ({ dataIndex }: { readonly dataIndex: number }) => labelOf(rows[dataIndex] as Row),
    },
    markLine: {
      symbol: 'none',
      silent: true,
      label: { show: false },
      lineStyle: { type: 'dashed', width: 1, color: colours.line },
      data: base === undefined ? [] : [{ xAxis: mainFigure(base) }],
    },
  };
}

/** How long a bar is. What is not to be compared has none, and says why in its place. */
function barOf(row: Row): number {
  return isComparable(row) ? (mainFigure(row) ?? 0) : 0;
}

function labelOf(row: Row): string {
  const value = barOf(row);
  const figure = isComparable(row) ? value.toFixed(value >= 10 ? 1 : 2) : undefined;
  const { min = 100 } = row.figures[delivered] ?? {};
  const lost = row.runs.length > 0 && min < 100 ? `only ${Math.floor(min)} % came` : undefined;
  return [figure, lost, failureOf(row)].filter((text) => text !== undefined).join(', ');
}

/** Whether all came, in each of its runs. */
function isComparable(row: Row): boolean {
  return Number.isFinite(mainFigure(row)) && row.figures[delivered]?.min === 100;
}

/** The rows from the best on, and then those not to be compared, without the ones that are there for one question alone. */
function panelOf(report: CaseReport | undefined): { readonly title: string; readonly rows: readonly Row[] } {
  if (report?.load.kind !== 'delivery') return { title: '', rows: [] };
  const { clients, perTick } = report.load;
  const shown = report.servers.filter((row) => !isVariation(row.name));
  const rankOf = (row: Row): number => (isComparable(row) ? barOf(row) : Number.MAX_VALUE);
  return {
    title: `${clients.toLocaleString('en')} clients, ${perTick === 1 ? 'one event' : `${perTick} events`} per tick`,
    rows: shown.sort((a, b) => rankOf(a) - rankOf(b)),
  };
}

const isVariation = (name: string): boolean =>
  servers.some((server) => server.name === name && server.only !== undefined);
const isOwn = (name: string): boolean => name.startsWith('tornadose');

function colourOf(name: string): string {
  if (isOwn(name)) return colours.own;
  return name.startsWith('floor') ? colours.floor : colours.peer;
}
