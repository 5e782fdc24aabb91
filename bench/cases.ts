/** Ticks of events at a pace. */
interface Pace {
  readonly perSecond: number;
  readonly perTick: number;
  readonly seconds: number;
}

/** A load, bounded in count and time. */
export type Load =
  | ({ readonly kind: 'delivery'; readonly clients: number } & Pace)
  | { readonly kind: 'idle' | 'connect'; readonly clients: number }
  | { readonly kind: 'stalled'; readonly clients: number; readonly events: number };

/** One of the questions that the bench asks each server. */
export interface Case {
  readonly name: string;
  readonly load: Load;
  /** The smaller one of `--quick`; without it the case is left out there. */
  readonly quick?: Load;
}

export const cases: readonly Case[] = [
  {
    name: 'single',
    load: { kind: 'delivery', clients: 1000, perSecond: 20, perTick: 1, seconds: 5 },
    quick: { kind: 'delivery', clients: 500, perSecond: 20, perTick: 1, seconds: 1.5 },
  },
  { name: 'single-5000', load: { kind: 'delivery', clients: 5000, perSecond: 5, perTick: 1, seconds: 5 } },
  {
    name: 'burst',
    load: { kind: 'delivery', clients: 500, perSecond: 10, perTick: 50, seconds: 4 },
    quick: { kind: 'delivery', clients: 200, perSecond: 10, perTick: 50, seconds: 1.5 },
  },
  { name: 'idle', load: { kind: 'idle', clients: 10_000 }, quick: { kind: 'idle', clients: 1000 } },
  { name: 'connect', load: { kind: 'connect', clients: 5000 }, quick: { kind: 'connect', clients: 1000 } },
  {
    name: 'stalled',
    load: { kind: 'stalled', clients: 20, events: 20_000 },
    quick: { kind: 'stalled', clients: 20, events: 12_000 },
  },
];
