/** Runs `turn` at the next turn of the event loop. */
export const later: (turn: () => void) => unknown =
  typeof globalThis.setImmediate === 'function' ? (turn) => setImmediate(turn) : (turn) => setTimeout(turn, 0);

/** The places of a turn, in their order: what waits to be written, sources that can wait for that, and replays, which take time. */
type Place = 'write' | 'pull' | 'replay';

/** What is to be done at the next turn. */
const asked: { [Each in Place]?: (() => void) | undefined } = {};
let askedBy: unknown;
let turns = 0;
let isInTurn = false;

function turn(): void {
  askedBy = undefined;
  isInTurn = true;
  try {
    take('write');
    // What was left over, as there is much of it, is for the turns to come.
    const isOver = asked.write === undefined;
    const pulled = take('pull');
    const replayed = take('replay');
    // What these have brought leaves now: in the next turn, it would go before what comes until then.
    if ((pulled || replayed) && isOver) take('write');
  } finally {
    isInTurn = false;
    turns += 1;
  }
}

function take(place: Place): boolean {
  const run = asked[place];
  asked[place] = undefined;
  run?.();
  return run !== undefined;
}

/** Whether what runs now was to be done at this turn. */
export function isTurning(): boolean {
  return isInTurn;
}

/** How many turns there have been in which something was to be done: the number of this one. */
export function turnNumber(): number {
  return turns;
}

/**
 * A function that has `run` called at the next turn of the event loop, once however often it is asked. It tells whether it
 * was the first to ask. There is one for each place in a turn.
 */
export function oncePerTurn(place: Place, run: () => void): () => boolean {
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
