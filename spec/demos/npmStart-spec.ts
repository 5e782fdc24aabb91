import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { WebSocket } from 'ws';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Whether anybody of a process group is left. */
function isThere(group: number): boolean {
  try {
    return process.kill(group, 0);
  } catch {
    return false;
  }
}

describe('npm start', () => {
  for (const [whom, signalled] of [
    ['npm', 1],
    ['all of its processes, as a supervisor does', -1],
  ] as const)
    it(`should end on SIGTERM to ${whom}: its clients are told when to come back, and nothing is left`, async () => {
      // In a process group of its own, so that whoever is left can be counted.
      const npm = spawn('npm', ['start'], { cwd: root, env: { ...process.env, PORT: '0' }, detached: true });
      const group = -Number(npm.pid);
      const exited = once(npm, 'exit');
      try {
        let output = '';
        for (const stream of [npm.stdout, npm.stderr])
          stream.setEncoding('utf8').on('data', (text) => (output += text));
        while (!/http:\/\/localhost:\d+\/stream/.test(output)) await once(npm.stdout, 'data');
        const url = /http:\/\/localhost:\d+/.exec(output)?.[0] as string;

        const answer = await fetch(`${url}/stream`);
        const body = answer.text();
        const socket = new WebSocket(`${url}/chat`);
        const closed = once(socket, 'close');
        await once(socket, 'message');

        process.kill(signalled * Number(npm.pid), 'SIGTERM');
        expect(await body).to.match(/\n\nretry: \d{4}\n\n$/);
        const [code, reason] = await closed;
        expect(code).to.equal(1012);
        expect(Number(String(reason))).to.be.within(1_000, 4_000);
        const [status, signal] = await exited;
        // npm itself is one of them.
        if (signalled > 0) expect([status, signal], output).to.deep.equal([0, null]);
        // Otherwise the spec takes too long.
        while (isThere(group)) await setTimeout(10);
      } finally {
        if (isThere(group)) process.kill(group, 'SIGKILL');
      }
    });
});
