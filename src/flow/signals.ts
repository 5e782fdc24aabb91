/** What ends when a signal is aborted. */
export interface Abortable {
  aborted(): void;
}

/**
 * One listener for each signal, however many clients it ends: a server's one shutdown signal would otherwise have
 * thousands, of which Node warns from the eleventh on.
 */
const waiting = new WeakMap<AbortSignal, Set<Abortable>>();

/** Has `item.aborted` called when the signal is aborted. */
export function onAbort(signal: AbortSignal, item: Abortable): void {
  let items = waiting.get(signal);
  if (items === undefined) {
    items = new Set();
    waiting.set(signal, items);
    const all = items;
    signal.addEventListener(
      'abort',
      () => {
        for (const each of all) each.aborted();
      },
      { once: true },
    );
  }
  items.add(item);
}

/** Forgets the item. */
export function offAbort(signal: AbortSignal, item: Abortable): void {
  waiting.get(signal)?.delete(item);
}
