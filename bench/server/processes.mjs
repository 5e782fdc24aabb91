// What other processes use, as Linux tells it.
import { readdirSync, readFileSync } from 'node:fs';

/** A process and its children. */
export function familyOf(parent) {
  const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return [parent, ...others.map(Number).filter((pid) => parentOf(pid) === parent)];
}

/** µs of CPU, user and system, of a process with one thread. */
export function cpuOf(pid) {
  // Nanoseconds. `stat`, which has the same sum, counts in ticks of 10 ms.
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[0]) / 1000;
}

/** Bytes resident. */
export function rssOf(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
}

function parentOf(pid) {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
  } catch {
    // It has ended since.
    return undefined;
  }
}
