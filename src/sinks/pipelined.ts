import { memo } from '../memo.ts';

/** What a sink needs of the connection under a response. */
export interface ConnectionLike {
  readonly destroyed?: boolean;
  destroySoon?(): void;
  once(event: 'close', listener: () => void): unknown;
}

const waiting = new WeakMap<ConnectionLike, Set<() => void>>();

/**
 * Calls `closed` when the connection closes; what it returns takes that back. One listener for each connection, however
 * many responses wait on it: a client may pipeline as many requests as it likes.
 */
export function onceConnectionCloses(connection: ConnectionLike, closed: () => void): () => void {
  const all = memo(waiting, connection, () => {
    const responses = new Set<() => void>();
    connection.once('close', () => {
      for (const each of responses) each();
    });
    return responses;
  });
  all.add(closed);
  return () => all.delete(closed);
}
