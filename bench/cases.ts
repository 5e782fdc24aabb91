/** A load, bounded in count and time. */
export type Load =
  /** Ticks of events at a pace. */
  | {
      readonly kind: 'delivery';
      readonly clients: number;
      readonly perSecond: number;
      readonly perTick: number;
      readonly seconds: number;
    }
  | { readonly kind: 'idle'; readonly clients: number }
  | { readonly kind: 'connect'; readonly clients: number }
  | { readonly kind: 'stalled'; readonly clients: number; readonly events: number }
  | { readonly kind: 'stream'; readonly events: number }
  /** A tick in each turn of the event loop. */
  | { readonly kind: 'loop'; readonly clients: number; readonly perTick: number; readonly turns: number };

export type LoadOf<Kind extends Load['kind']> = Extract<Load, { readonly kind: Kind }>;

/** What a server is asked to do: see the `variants` of each. */
export type Question = 'plain' | 'filter' | 'map' | 'stream' | 'loop';

/** One of the questions that the bench asks the servers which have an answer to it. */
export interface Case {
  readonly name: string;
  readonly question: Question;
  readonly load: Load;
  /** Those of the servers that have another one, by name. */
  readonly otherLoads?: Readonly<Record<string, Load>>;
  /** The smaller one of `--quick`; without it the case is left out there. */
  readonly quick?: Load;
  /** What the ratio of the first figure to that of the floor is called; without it the ratio is left out. */
  readonly ratio?: string;
}

const single: LoadOf<'delivery'> = { kind: 'delivery', clients: 1000, perSecond: 20, perTick: 1, seconds: 5 };
const burst: LoadOf<'delivery'> = { kind: 'delivery', clients: 500, perSecond: 10, perTick: 50, seconds: 4 };
const ofFloor = { ratio: 'of floor' };

export const cases: readonly Case[] = [
  { name: 'single', question: 'plain', load: single, quick: { ...single, clients: 500, seconds: 1.5 }, ...ofFloor },
  {
    name: 'single-5000',
    question: 'plain',
    load: { kind: 'delivery', clients: 5000, perSecond: 5, perTick: 1, seconds: 5 },
    ...ofFloor,
  },
  {
    name: 'burst',
    question: 'plain',
    load: burst,
    quick: { ...burst, clients: 200, seconds: 1.5 },
    ...ofFloor,
  },
  // Half of the events pass: twice as many, so that a client gets as many as in `single`, whose floor is the measure.
  {
    name: 'filter',
    question: 'filter',
    load: { ...single, perSecond: 40 },
    otherLoads: { 'floor tick': single },
    ...ofFloor,
  },
  { name: 'burst-filter', question: 'filter', load: burst, ...ofFloor },
  { name: 'map', question: 'map', load: single, ...ofFloor },
  {
    name: 'idle',
    question: 'plain',
    load: { kind: 'idle', clients: 10_000 },
    quick: { kind: 'idle', clients: 1000 },
    ...ofFloor,
  },
  {
    name: 'connect',
    question: 'plain',
    load: { kind: 'connect', clients: 5000 },
    quick: { kind: 'connect', clients: 1000 },
    ...ofFloor,
  },
  {
    name: 'stalled',
    question: 'plain',
    load: { kind: 'stalled', clients: 20, events: 20_000 },
    quick: { kind: 'stalled', clients: 20, events: 12_000 },
  },
  {
    name: 'stream',
    question: 'stream',
    load: { kind: 'stream', events: 1_000_000 },
    quick: { kind: 'stream', events: 300_000 },
    ratio: 'speed of floor',
  },
  { name: 'loop', question: 'loop', load: { kind: 'loop', clients: 5000, perTick: 1, turns: 100 } },
  { name: 'loop-1000', question: 'loop', load: { kind: 'loop', clients: 1000, perTick: 1000, turns: 3 } },
];
