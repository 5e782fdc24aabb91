const counts = new Map<string, number>();

/** Counts a connection that has opened, or closed after that. */
export function countConnection(sink: string, change: 1 | -1): void {
  counts.set(sink, (counts.get(sink) ?? 0) + change);
}

/** How many connections are open in this process, by the name of their sink: also those that opened before anybody asked. */
export function openConnections(): ReadonlyMap<string, number> {
  return counts;
}
