import { readFileSync } from 'node:fs';

/** What the Chrome DevTools protocol says of a profile; times in µs. */
interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface Frame {
  readonly functionName: string;
  readonly url: string;
}

const writes = /^(writev?|writeBuffer|write(Latin1|Utf8|Ascii|Ucs2)String)$/i;

/** By whose code a function is: the first that says yes. */
const groups: readonly { readonly name: string; readonly has: (frame: Frame) => boolean }[] = [
  { name: 'idle', has: ({ functionName }) => functionName === '(idle)' },
  { name: 'garbage collection', has: ({ functionName }) => functionName === '(garbage collector)' },
  {
    name: 'socket writes: libuv and the kernel',
    has: ({ functionName, url }) => url === '' && writes.test(functionName),
  },
  { name: 'native: V8, libuv, reading', has: ({ functionName }) => /^\((program|root)\)$/.test(functionName) },
  { name: 'tornadose', has: ({ url }) => url.includes('/dist/') && !url.includes('node_modules') },
  { name: 'RxJS', has: ({ url }) => url.includes('/node_modules/rxjs/') },
  { name: 'packages', has: ({ url }) => url.includes('/node_modules/') },
  { name: 'the bench itself', has: ({ url }) => url.includes('/bench/server/') },
  { name: 'Node: http', has: ({ url }) => url.startsWith('node:_http') || url.startsWith('node:internal/http') },
  {
    name: 'Node: streams and sockets',
    has: ({ url }) => /^node:(net|stream|internal\/(streams?|stream_base))/.test(url),
  },
  { name: 'Node: the rest', has: ({ url }) => url.startsWith('node:') },
  { name: 'built into V8', has: () => true },
];

/** Where the time of a `.cpuprofile` went, by group, and the functions that took most of it; shares of what is not idle. */
export function profileTable(file: string): string {
  const { nodes, samples, timeDeltas }: Profile = JSON.parse(readFileSync(file, 'utf8'));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byGroup = new Map<string, number>();
  const byFunction = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined) continue;
    // Each delta is the time before its sample; a function had the time until the next one.
    const micros = timeDeltas[index + 1] ?? 0;
    add(byGroup, groups.find(({ has }) => has(frame))?.name ?? '', micros);
    add(byFunction, nameOf(frame), micros);
  }
  const idle = byGroup.get('idle') ?? 0;
  byGroup.delete('idle');
  byFunction.delete('(idle)');
  const busy = sum(byGroup);
  return [
    `busy ${(busy / 1000).toFixed(0)} ms, idle ${(idle / 1000).toFixed(0)} ms`,
    '',
    ...lines(byGroup, busy, groups.length),
    '',
    ...lines(byFunction, busy, 15),
  ].join('\n');
}

/** `flush dist/flow/Outbox.js` */
function nameOf({ functionName, url }: Frame): string {
  const place = url.replace(/^.*?\/(?=(node_modules|dist|bench\/server)\/)/, '');
  return `${functionName || '(anonymous)'} ${place}`.trim();
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function sum(sums: ReadonlyMap<string, number>): number {
  return [...sums.values()].reduce((total, value) => total + value, 0);
}

function lines(sums: ReadonlyMap<string, number>, total: number, count: number): string[] {
  const sorted = [...sums].sort(([, a], [, b]) => b - a).slice(0, count);
  return sorted.map(([name, micros]) => `${((100 * micros) / total).toFixed(1).padStart(6)} %  ${name}`);
}
