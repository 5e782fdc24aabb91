import { expect } from 'chai';
import { type RunHelpers, TestScheduler } from 'rxjs/testing';
import type { Outlet } from 'tornadose';

/** Runs a marble test, as RxJS's own specs do. */
export function marbles(test: (helpers: RunHelpers) => void): void {
  new TestScheduler((actual, expected) => {
    expect(actual).to.deep.equal(expected);
  }).run(test);
}

/** The values of a `ready` marble: `f` not ready, `t` ready. */
export const gate: Record<string, boolean> = { f: false, t: true };

/** An outlet for texts that are as many bytes as characters, with a note of what was let go and why. */
export function noting(waiting = 0): Outlet<string> & { drops: string[]; waiting: number } {
  const drops: string[] = [];
  return {
    drops,
    waiting,
    bytesOf: (value) => (typeof value === 'string' ? value.length : 1),
    dropped: (value, why) => drops.push(`${value}: ${why}`),
  };
}
