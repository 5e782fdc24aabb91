// The process that is measured: `node --expose-gc host.mjs <module> [variant]`. Plain JavaScript, so that no loader is
// between Node and what is measured. It takes orders from its parent, and ends with it.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { madeValue, now } from './value.mjs';

const [module, variant] = process.argv.slice(2);
const { start } = await import(`./${module}.mjs`);
const { server, publish } = await start(variant);

let asked = 0;
let seq = 0;
let peak = 0;

const orders = {
  /** Waits until so many clients have asked. */
  async clients({ count }) {
    while (asked < count) await sleep(5);
    return {};
  },

  /** Waits until no more than so many are connected, or for too long: not every server notices. */
  async remaining({ count }) {
    for (let times = 0; times < 200; times += 1) {
      if ((await promisify(server.getConnections).call(server)) <= count) break;
      await sleep(10);
    }
    return {};
  },

  /** Publishes ticks at a pace; without one, each in a turn of the event loop. */
  async publish({ ticks, perTick, perSecond, bytes }) {
    const start = now();
    peak = 0;
    for (let tick = 0; tick < ticks; tick += 1) {
      if (perSecond === undefined) {
        await turn();
        if (tick % 100 === 0) peak = Math.max(peak, process.memoryUsage.rss());
      } else {
        const early = start + (tick * 1e6) / perSecond - now();
        if (early > 1000) await sleep(early / 1000);
      }
      publish(Array.from({ length: perTick }, () => madeValue(seq++, bytes)));
    }
    return { seq, micros: now() - start };
  },

  /** What the process has used so far. All threads count. */
  mark({ collect }) {
    if (collect) for (let times = 0; times < 3; times += 1) globalThis.gc();
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { cpu: user + system, rss, held: heapUsed + external, peak: Math.max(peak, rss) };
  },
};

process.on('message', async ({ id, order, ...details }) => {
  process.send({ id, answer: await orders[order](details) });
});
process.on('disconnect', () => process.exit());

server.on('request', () => {
  asked += 1;
});
server.on('upgrade', () => {
  asked += 1;
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => process.send({ ready: server.address().port }));
