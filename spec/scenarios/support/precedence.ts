import { spawnSync } from 'node:child_process';

/**
 * Has a process run before all others that have a lower rank or none, the moment it can, and its main thread before those
 * that collect its garbage: as if each process had a machine of its own. Between processes that are as urgent as each other,
 * the system lets one wait for milliseconds until another has had its share, and all of that would be measured as latency.
 *
 * @param rank from 1 to 98
 * @returns whether the system allows it: root alone may, mostly
 */
export function runFirst(pid: number | undefined, rank: number): boolean {
  const policy = ['--reset-on-fork', '--fifo', '--pid'];
  return schedule('--all-tasks', ...policy, `${rank}`, `${pid}`) && schedule(...policy, `${rank + 1}`, `${pid}`);
}

/** Takes that back. */
export function runAsUsual(pid: number): void {
  schedule('--all-tasks', '--other', '--pid', '0', `${pid}`);
}

/** Has this process run only while no other wants to: what it does delays nobody, as if it were done on another machine. */
export function runLast(): void {
  schedule('--all-tasks', '--idle', '--pid', '0', `${process.pid}`);
}

const schedule = (...args: string[]): boolean => spawnSync('chrt', args).status === 0;
