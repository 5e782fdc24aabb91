/** Whether it is every number, from the first that came to the last that was published. */
export function isContiguous(data: readonly string[], last: number): boolean {
  return data.at(-1) === String(last) && data.every((text, index) => Number(text) === Number(data[0]) + index);
}
