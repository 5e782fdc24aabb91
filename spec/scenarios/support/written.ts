import type { Journal } from './ReturningClient.ts';

/** What may come to a client: an event with a number, or the notice that something may be missing. */
export type Entry = number | 'notice';

/** A journal in which these are written down, for its spec. */
export function written<Log extends Journal>(journal: Log, entries: readonly Entry[]): Log {
  for (const entry of entries) {
    if (entry === 'notice') journal.notice('trimmed');
    else journal.take(entry);
  }
  return journal;
}
