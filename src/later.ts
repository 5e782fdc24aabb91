/** Runs `turn` at the next turn of the event loop. */
export const later: (turn: () => void) => unknown =
  typeof globalThis.setImmediate === 'function' ? (turn) => setImmediate(turn) : (turn) => setTimeout(turn, 0);

/** By what `later` has its turns: a test may replace the clock, and put it back before a turn has come. */
export const laterBy = (): unknown => globalThis.setImmediate ?? globalThis.setTimeout;
