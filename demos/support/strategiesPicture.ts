// What each strategy brings a client that is slow for a while, as docs/images/strategies.svg shows it: run, not drawn by
// hand. `npx tsx demos/support/strategiesPicture.ts` writes it anew.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BehaviorSubject, Subject, VirtualTimeScheduler } from 'rxjs';
import {
  type BackpressureOperator,
  onBackpressureBuffer,
  onBackpressureDrop,
  onBackpressureLatest,
  onBackpressureReduce,
} from 'tornadose';

/** An event, or several that were merged: `from` is the number of the first one. */
interface Event {
  readonly key: 'A' | 'B' | 'C';
  readonly from: number;
  readonly to: number;
}

interface Row {
  readonly title: string;
  readonly delivered: { readonly at: number; readonly event: Event }[];
  readonly dropped: { readonly at: number; readonly event: Event }[];
  readonly closedAt?: number;
}

/** One event at each tick, about one of three things. */
const published: readonly Event[] = [...'ABACBACABBCAABCABACB'].map((key, index) => ({
  key: key as Event['key'],
  from: index + 1,
  to: index + 1,
}));
/** While the client is slow, it is ready again four ticks after it has taken an event; otherwise at once, nearly. */
const slow = { from: 4, to: 16, wait: 4 };
const quickWait = 0.5;
const maxCount = 4;

const strategies: Readonly<Record<string, BackpressureOperator<Event>>> = {
  "onBackpressureBuffer({ overflow: 'error' })": onBackpressureBuffer({ maxCount, overflow: 'error' }),
  "onBackpressureBuffer({ overflow: 'dropOldest' })": onBackpressureBuffer({ maxCount, overflow: 'dropOldest' }),
  "onBackpressureBuffer({ overflow: 'dropNewest' })": onBackpressureBuffer({ maxCount, overflow: 'dropNewest' }),
  'onBackpressureLatest()': onBackpressureLatest(),
  'onBackpressureLatest({ key })': onBackpressureLatest({ key: ({ key }) => key }),
  'onBackpressureReduce(merge)': onBackpressureReduce((held, incoming) => ({ ...incoming, from: held.from })),
  'onBackpressureDrop()': onBackpressureDrop(),
};

function run(title: string, strategy: BackpressureOperator<Event>): Row {
  const clock = new VirtualTimeScheduler();
  const source = new Subject<Event>();
  const ready = new BehaviorSubject(true);
  const row: Row = { title, delivered: [], dropped: [] };
  let closedAt: number | undefined;
  const outlet = {
    bytesOf: () => 1,
    waiting: 0,
    dropped: (event: Event) => row.dropped.push({ at: clock.now(), event }),
  };
  strategy(
    ready,
    outlet,
  )(source).subscribe({
    next: (event) => {
      const now = clock.now();
      row.delivered.push({ at: now, event });
      ready.next(false);
      const wait = now >= slow.from && now < slow.to ? slow.wait : quickWait;
      clock.schedule(() => ready.next(true), wait);
    },
    error: () => {
      closedAt = clock.now();
    },
  });
  for (const event of published) clock.schedule(() => source.next(event), event.to);
  clock.flush();
  return closedAt === undefined ? row : { ...row, closedAt };
}

const colours = { A: '#1c7ed6', B: '#e8590c', C: '#2b8a3e', merged: '#495057' };
const [ink, quiet, lineColour, alarm] = ['#24292f', '#57606a', '#c3cbd6', '#c92a2a'];
const [left, top, rowHeight, tick] = [20, 76, 62, 41];
const width = left + 22.5 * tick;
const fonts = 'system-ui, Helvetica, Arial, sans-serif';

/** The picture, as SVG. */
export function strategiesPicture(): string {
  const rows: Row[] = [
    { title: 'published', delivered: published.map((event) => ({ at: event.to, event })), dropped: [] },
    ...Object.entries(strategies).map(([title, strategy]) => run(title, strategy)),
  ];
  const height = top + rows.length * rowHeight + 8;
  const xOf = (at: number): number => left + at * tick;
  const title = 'What each strategy brings a client that is slow for a while';
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fonts}">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<rect x="${xOf(slow.from)}" y="${top - 22}" width="${(slow.to - slow.from) * tick}" height="${height - top + 14}" fill="#f1f3f5"/>`,
    text(left, 24, title, `font-size="16" font-weight="bold" fill="${ink}"`),
    text(
      left,
      42,
      `One event a tick, about A (blue), B (orange) or C (green). Small and struck through: dropped. The buffers hold ${maxCount}.`,
      `font-size="12" fill="${quiet}"`,
    ),
    text(xOf(slow.from) + 6, top - 9, `slow: takes one event in ${slow.wait} ticks`, `font-size="12" fill="${quiet}"`),
    ...rows.flatMap((row, index) => drawn(row, top + index * rowHeight, xOf)),
    '</svg>',
  ].join('\n')}\n`;
}

function drawn(row: Row, y: number, xOf: (at: number) => number): string[] {
  const line = y + 32;
  const end = xOf(row.closedAt ?? 22);
  return [
    text(left, y + 13, row.title, `font-size="12" font-weight="bold" fill="${ink}"`),
    `<line x1="${left}" y1="${line}" x2="${end}" y2="${line}" stroke="${lineColour}"/>`,
    ...row.delivered.map(({ at, event }) => bead(xOf(at), line, event)),
    ...row.dropped.map(({ at, event }) =>
      text(
        xOf(at),
        line + 22,
        String(event.to),
        `font-size="10" text-anchor="middle" text-decoration="line-through" fill="${quiet}"`,
      ),
    ),
    ...(row.closedAt === undefined
      ? []
      : [
          `<path d="M${end - 6} ${line - 6}l12 12m0-12l-12 12" stroke="${alarm}" stroke-width="2"/>`,
          text(end + 12, line + 4, 'closed: overflow; it comes back', `font-size="12" fill="${alarm}"`),
        ]),
  ];
}

function bead(x: number, y: number, { key, from, to }: Event): string {
  const label = from === to ? String(to) : `${from}–${to}`;
  const half = from === to ? 9 : 19;
  const colour = from === to ? colours[key] : colours.merged;
  return [
    `<rect x="${round(x - half)}" y="${y - 9}" width="${2 * half}" height="18" rx="9" fill="${colour}" stroke="#ffffff"/>`,
    text(round(x), y + 4, label, 'font-size="11" text-anchor="middle" fill="#ffffff"'),
  ].join('');
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
}

const round = (x: number): number => Math.round(10 * x) / 10;

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(new URL('../../docs/images/strategies.svg', import.meta.url), strategiesPicture());
