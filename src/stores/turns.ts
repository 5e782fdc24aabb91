import { reportError } from '../diagnostics.ts';
import { later, oncePerTurn, runFirst } from '../later.ts';

/**
 * For how many ms messages are replayed before the event loop turns, to all clients together: half as long as the turn
 * before took, within these bounds. So what comes live waits no longer for a replay than for itself, and where much of it
 * comes, those who come back get on all the same.
 */
const [least, most] = [0.5, 4];

const waiting: (() => void)[] = [];
const askForTurn = oncePerTurn('last', begin);
/** When this turn's time began, and when it is over. */
let [began, ends] = [0, 0];

/** Whether there is time left in this turn of the event loop for what clients have missed: what comes live is not to wait for it. */
export function hasTime(): boolean {
  const now = performance.now();
  if (askForTurn()) {
    ends = now + Math.min(Math.max((now - began) / 2, least), most);
    began = now;
  }
  return now < ends;
}

/** Goes on in a later turn, behind those that wait already. */
export function inTurn(run: () => void): void {
  hasTime();
  waiting.push(run);
}

function begin(): void {
  // Those who come meanwhile are behind these.
  for (let left = waiting.length; left > 0 && hasTime(); left -= 1) {
    try {
      waiting.shift()?.();
      // To write it takes longer than to replay it: it is of the same time.
      runFirst();
    } catch (error) {
      // Of a Subscriber of somebody's own: no reason to keep the others from their turns.
      reportError('replay', error);
    }
  }
  if (waiting.length > 0) hasTime();
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
