import { once } from 'node:events';
import { promisify } from 'node:util';

/**
 * What is measured, when that is this process: a server of node:http. A module that starts a program of its own gives an
 * object with the same methods in its place, as nginx.mjs does.
 */
/** Gives back what it can: a young generation of 16 MiB more or less is 1.6 KiB for each of 10,000 connections. */
const thorough = { type: 'major', execution: 'sync', flavor: 'last-resort' };

export const inProcess = ({ server, publish }) => ({
  publish,

  /** The port. */
  async listen() {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
    await once(server, 'listening');
    return server.address().port;
  },

  connected: () => promisify(server.getConnections).call(server),

  rss: () => process.memoryUsage.rss(),

  /** What was used so far, all threads included: µs of CPU; bytes resident now and at most, and on and beside the heap. */
  usage(collect) {
    if (collect) for (let times = 0; times < 3; times += 1) globalThis.gc(thorough);
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { cpu: user + system, rss, highest: process.resourceUsage().maxRSS * 1024, held: heapUsed + external };
  },

  /** The end of the process is the end of it. */
  close() {},
});
