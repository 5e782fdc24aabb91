// The highest resident memory of this process, in bytes. The kernel of Linux notes it by itself; to look at it from time to
// time takes a millisecond of a busy process, in which what is measured waits.
import { writeFileSync } from 'node:fs';
import { unseen } from './liveTimers.ts';

let seen = 0;
const look = (): void => {
  seen = Math.max(seen, process.memoryUsage.rss());
};
const isNoted = forget();
if (!isNoted) unseen.setInterval(look, 20).unref();

/** The highest since the last time. */
export function takePeakRss(): number {
  look();
  const peak = isNoted ? process.resourceUsage().maxRSS * 1024 : seen;
  seen = 0;
  forget();
  return peak;
}

/** Has the kernel begin anew (proc(5), `clear_refs`), and tells whether it can. */
function forget(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return true;
  } catch {
    return false;
  }
}
