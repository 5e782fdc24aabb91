/** What so large a part of the values is at or below, 0.5 being the middle one. `NaN` where there are none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
}
