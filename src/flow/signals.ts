import { reportError } from '../diagnostics.ts';
import { memo } from '../memo.ts';

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
  memo(waiting, signal, listen).add(item);
}

function listen(signal: AbortSignal): Set<Abortable> {
  const items = new Set<Abortable>();
  const abortAll = (): void => {
    for (const item of items) {
      try {
        item.aborted();
      } catch (error) {
        // The others are to end all the same.
        reportError('abort', error);
      }
    }
  };
  signal.addEventListener('abort', abortAll, { once: true });
  return items;
}

/** Forgets the item. */
export function offAbort(signal: AbortSignal, item: Abortable): void {
  waiting.get(signal)?.delete(item);
}
