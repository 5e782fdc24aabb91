import { execFile } from 'node:child_process';

/**
 * Has the system end connections to `port` from these ports, as seen by a server whose route goes away: with an error,
 * and without a packet. Gives how many there were: none where there is no `ss`, or the kernel does not do it.
 */
export function killSockets(port: number, from: readonly number[]): Promise<number> {
  if (from.length === 0) return Promise.resolve(0);
  const filter = `sport = :${port} and ( ${from.map((each) => `dport = :${each}`).join(' or ')} )`;
  return new Promise((resolve) => {
    execFile('ss', ['-K', '-t', '-n', '-H', ...filter.split(' ')], (error, stdout) => {
      resolve(error ? 0 : stdout.split('\n').filter((line) => line.includes(`:${port}`)).length);
    });
  });
}
