/** Runs `turn` at the next turn of the event loop. */
export const later: (turn: () => void) => unknown =
  typeof globalThis.setImmediate === 'function' ? (turn) => setImmediate(turn) : (turn) => setTimeout(turn, 0);

/**
 * A function that has `run` called at the next turn of the event loop, once however often it is asked. It tells whether it
 * was the first to ask.
 */
export function oncePerTurn(run: () => void): () => boolean {
  let askedBy: unknown;
  const turn = (): void => {
    askedBy = undefined;
    run();
  };
  return () => {
    // A test may replace the clock, and put it back before that turn has come: it never would.
    const by = globalThis.setImmediate ?? globalThis.setTimeout;
    if (askedBy === by) return false;
    askedBy = by;
    later(turn);
    return true;
  };
}
