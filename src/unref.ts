/** The same timer, which keeps no process running by itself; in a page, where it is a number, it does not anyway. */
export function unref<Timer>(timer: Timer): Timer {
  (timer as { unref?(): void }).unref?.();
  return timer;
}
