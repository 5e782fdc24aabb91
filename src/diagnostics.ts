import type { Channel } from 'node:diagnostics_channel';

/** Where an error on `tornadose:error` came from. */
export interface ErrorReport {
  readonly error: unknown;
  /** What was being done: `encode`, `publish`, `receive`, `feed`, … */
  readonly during: string;
}

// The module is there on Node, Deno and Bun; a runtime without it simply has nobody who listens.
const library: typeof import('node:diagnostics_channel') | undefined =
  globalThis.process?.getBuiltinModule?.('node:diagnostics_channel');

const channel = (name: string): Channel | undefined => library?.channel(`tornadose:${name}`);
const connections = channel('connection');
const drops = channel('drop');
const errors = channel('error');

/** `tornadose:connection`: `{ sink, event }`, an `open` or a `close` of a connection. */
export function reportConnection(sink: string, event: object): void {
  if (connections?.hasSubscribers) connections.publish({ sink, event });
}

/** `tornadose:drop`: `{ sink, event }`, what a connection did not get. */
export function reportDrop(sink: string, event: object): void {
  if (drops?.hasSubscribers) drops.publish({ sink, event });
}

/** `tornadose:error`: an {@link ErrorReport}, a fault that belongs to no connection and stops nothing. */
export function reportError(during: string, error: unknown): void {
  if (errors?.hasSubscribers) errors.publish({ error, during } satisfies ErrorReport);
}

const warned = new WeakSet<object>();

/**
 * The one thing that this library prints: a source failed, and nobody watches what `pipe` returned. One warning per
 * error object, because a thousand clients of one source fail with the same one.
 */
export function warnUnwatched(error: unknown): void {
  if (typeof error === 'object' && error !== null) {
    if (warned.has(error)) return;
    warned.add(error);
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const warning = `A source failed and nobody was told; subscribe to what pipe(…) returned, or catch the error before the sink. ${text}`;
  if (typeof globalThis.process?.emitWarning === 'function') process.emitWarning(warning, 'TornadoseWarning');
  else console.warn(warning);
}
