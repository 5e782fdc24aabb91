// The process with the server: `node --expose-gc host.mjs <module> [variant]`. Plain JavaScript, so that no loader is
// between Node and what is measured. It takes orders from its parent, and ends with it.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { inProcess } from './inProcess.mjs';
import { startProfile, stopProfile } from './profiler.mjs';
import { madeValue, now } from './value.mjs';

const [module, variant] = process.argv.slice(2);
const { start } = await import(`./${module}.mjs`);
const started = await start(variant);
const target = started.server === undefined ? started : inProcess(started);

let seq = 0;
let peak = 0;
let holding;

const orders = {
  /** Waits until no more than so many are connected, or for too long: not every server notices. */
  async remaining({ count }) {
    for (let times = 0; times < 200; times += 1) {
      if ((await target.connected()) <= count) break;
      await sleep(10);
    }
    return {};
  },

  /** Publishes ticks at a pace, for at most `longest` µs; without a pace, each in a turn of the event loop. */
  async publish({ ticks, perTick, perSecond, bytes, longest }) {
    const start = now();
    peak = 0;
    for (let tick = 0; tick < ticks && now() - start < longest; tick += 1) {
      if (perSecond === undefined) {
        await turn();
        if (tick % 100 === 0) peak = Math.max(peak, target.rss());
      } else {
        const early = start + (tick * 1e6) / perSecond - now();
        if (early > 1000) await sleep(early / 1000);
      }
      // Only a program beside this process gives something to wait for.
      await target.publish(Array.from({ length: perTick }, () => madeValue(seq++, bytes)));
    }
    return { seq };
  },

  /** Publishes, and tells for how long the event loop was away from what else it had to do, in ms. */
  async publishWatched(volume) {
    const resolution = 1;
    const histogram = monitorEventLoopDelay({ resolution });
    // What connecting had left to do is over when these have passed.
    for (let turns = 0; turns < 3; turns += 1) await sleep(resolution);
    histogram.enable();
    // The first one has nothing to compare with.
    await sleep(2 * resolution);
    histogram.reset();
    const { seq } = await orders.publish(volume);
    // What the last tick has put off is part of it.
    for (let turns = 0; turns < 3; turns += 1) await sleep(resolution);
    histogram.disable();
    const late = (nanos) => Math.max(0, nanos / 1e6 - resolution);
    return { seq, p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max) };
  },

  /** What was used so far. */
  mark({ collect }) {
    const usage = target.usage(collect);
    return { ...usage, peak: Math.max(peak, usage.rss) };
  },

  /** Looks again and again at what is held after a garbage collection, until `held` asks. */
  hold() {
    let most = 0;
    const look = () => {
      most = Math.max(most, target.usage(true).held);
      return most;
    };
    holding = { look, timer: setInterval(look, 50) };
    return {};
  },

  /** The most that was held since `hold`, in bytes. */
  held() {
    clearInterval(holding.timer);
    return { bytes: holding.look() };
  },

  startProfile,
  stopProfile,
};

async function end() {
  // Of an order that is still under way: there is nobody to answer.
  process.on('unhandledRejection', () => {});
  await target.close();
  process.exit();
}

process.on('message', async ({ id, order, ...details }) => {
  const answer = await orders[order](details);
  if (process.connected) process.send({ id, answer });
});
process.on('disconnect', end);

process.send({ ready: await target.listen() });
