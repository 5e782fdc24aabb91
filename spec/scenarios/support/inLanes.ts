/** Does `count` things, so many at a time. */
export async function inLanes(count: number, lanes: number, one: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}
