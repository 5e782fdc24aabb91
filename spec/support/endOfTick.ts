/** Longer than that, and the library may let the event loop turn before it has replayed, or written to all clients. */
const slice = 1;

/** The end of the tick, when what it brought has been written. On a busy machine that may take some turns more. */
export async function endOfTick(): Promise<void> {
  const began = performance.now();
  await turn();
  if (performance.now() - began <= slice) return;
  for (let more = 0; more < 3; more += 1) await turn();
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
