/** Runs `turn` at the next turn of the event loop. */
export const later: (turn: () => void) => unknown =
  typeof globalThis.setImmediate === 'function' ? (turn) => setImmediate(turn) : (turn) => setTimeout(turn, 0);

/** What is to be done at the next turn: first what waits to be written, and after that what may take some time. */
const asked: { [Place in 'first' | 'last']?: (() => void) | undefined } = {};
let askedBy: unknown;

function turn(): void {
  askedBy = undefined;
  try {
    runFirst();
  } finally {
    const { last } = asked;
    asked.last = undefined;
    try {
      last?.();
    } finally {
      // What that has brought leaves now: in the next turn, it would go before what comes until then.
      if (last !== undefined) runFirst();
    }
  }
}

/** Does now what comes first in the next turn. */
export function runFirst(): void {
  const { first } = asked;
  asked.first = undefined;
  first?.();
}

/**
 * A function that has `run` called at the next turn of the event loop, once however often it is asked. It tells whether it
 * was the first to ask. There is one for each place in a turn.
 */
export function oncePerTurn(place: 'first' | 'last', run: () => void): () => boolean {
  return () => {
    // A test may replace the clock, and put it back before that turn has come: it never would.
    const by = globalThis.setImmediate ?? globalThis.setTimeout;
    if (askedBy !== by) {
      askedBy = by;
      later(turn);
    }
    if (asked[place] !== undefined) return false;
    asked[place] = run;
    return true;
  };
}
