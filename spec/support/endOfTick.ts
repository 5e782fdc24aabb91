/** Longer than that, and the library may let the event loop turn before it has written to all clients. */
const slice = 8;

/** The end of the tick, when what it brought has been written. On a busy machine that may take another turn. */
export async function endOfTick(): Promise<void> {
  const began = performance.now();
  await turn();
  if (performance.now() - began > slice) await turn();
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
