/** The least number of `low` to `high` that is not below what is sought, of numbers that are so in order; `high` if there is none. */
export function lowerBound(low: number, high: number, isBelow: (number: number) => boolean): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (isBelow(middle)) from = middle + 1;
    else to = middle;
  }
  return from;
}
