/** The clock as it was, for what is not to be counted. */
export const unseen: { readonly setInterval: typeof setInterval } = { setInterval };

const live = new Set<unknown>();

/**
 * How many timers wait that were set through the globals since this module was loaded. Node's own list leaves out those
 * that would not keep the process running, which are the ones of a library that cares.
 */
export function liveTimers(): number {
  return live.size;
}

type Callback = (...args: unknown[]) => void;
type Start = (callback: Callback, ms?: number, ...args: unknown[]) => NodeJS.Timeout;

const { setTimeout: once, setInterval: often, clearTimeout: stop } = globalThis;

const setOnce: Start = (callback, ms, ...args) => {
  const timer = once(() => {
    live.delete(timer);
    callback(...args);
  }, ms);
  live.add(timer);
  return timer;
};
const setOften: Start = (callback, ms, ...args) => {
  const timer = often(callback, ms, ...args);
  live.add(timer);
  return timer;
};
const clear = (timer: Parameters<typeof stop>[0]): void => {
  live.delete(timer);
  stop(timer);
};

Object.assign(globalThis, {
  setTimeout: setOnce,
  setInterval: setOften,
  clearTimeout: clear,
  clearInterval: clear,
});
