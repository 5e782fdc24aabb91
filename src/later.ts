/** Runs `turn` at the next turn of the event loop. */
export const later: (turn: () => void) => unknown =
  typeof globalThis.setImmediate === 'function' ? (turn) => setImmediate(turn) : (turn) => setTimeout(turn, 0);
