import { reportError } from '../diagnostics.ts';
import { later, oncePerTurn, turnNumber } from '../later.ts';

/**
 * For how many ms messages are replayed before the event loop turns, to all clients together, with the writing: a third as
 * long as the turn before took, within these bounds. So what comes live hardly waits for a replay, and where much of it
 * comes, those who come back get on all the same.
 */
const [least, most] = [0.2, 0.4];

const waiting: (() => void)[] = [];
const askForTurn = oncePerTurn('replay', replay);
let isReplaying = false;
/** The turn that was last given time, when that began, and when it is over. */
let [turn, began, ends] = [-1, 0, 0];

/** Whether there is time left in this turn of the event loop for what clients have missed: what comes live is not to wait for it. */
export function hasTime(): boolean {
  askForTurn();
  // Those who wait already are first.
  if (!isReplaying && waiting.length > 0) return false;
  begin();
  return performance.now() < ends;
}

/** Goes on in a later turn, behind those that wait already. */
export function inTurn(run: () => void): void {
  askForTurn();
  waiting.push(run);
}

/** There is one time for each turn. */
function begin(): void {
  const current = turnNumber();
  if (turn === current) return;
  const now = performance.now();
  const before = turn === current - 1 ? now - began : 0;
  ends = now + Math.min(Math.max(before / 3, least), most);
  began = now;
  turn = current;
}

function replay(): void {
  begin();
  isReplaying = true;
  // Those who come meanwhile are behind these.
  for (let left = waiting.length; left > 0 && performance.now() < ends; left -= 1) {
    try {
      waiting.shift()?.();
    } catch (error) {
      // Of a Subscriber of somebody's own: no reason to keep the others from their turns.
      reportError('replay', error);
    }
  }
  isReplaying = false;
  if (waiting.length > 0) askForTurn();
}

/** How many turns in which nobody waits make an end: who goes on from one log to the next is there again in between. */
const rest = 4;

/** Runs `done` when nobody has waited for a turn for a while. */
export function whenDone(done: () => void, idle = 0): void {
  later(() => {
    if (waiting.length > 0) whenDone(done);
    else if (idle < rest) whenDone(done, idle + 1);
    else done();
  });
}
