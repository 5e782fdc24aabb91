/** How often something was, by its name. */
export type Counts = Record<string, number>;

/** Counts one more, or so many. */
export function count(counts: Counts, name: string, times = 1): void {
  counts[name] = (counts[name] ?? 0) + times;
}

/** `this 3×, that 1×`, and nothing where nothing was counted. */
export function textOf(counts: Readonly<Counts>): string {
  return Object.entries(counts)
    .map(([name, times]) => `${name} ${times}×`)
    .join(', ');
}
