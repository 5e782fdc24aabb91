import type { Channel } from 'node:diagnostics_channel';
import type { GapReason } from './message.ts';

/** Where an error on `tornadose:error` came from. */
export interface ErrorReport {
  readonly error: unknown;
  /** What was being done: `encode`, `publish`, `receive`, `feed`, … */
  readonly during: string;
}

/** On `tornadose:resume`: a client came back to a log, with a position. */
export interface ResumeReport {
  /** Whether the position was honoured: the client gets everything since, and no `Gap`. */
  readonly recovered: boolean;
  /** Why it was not. */
  readonly reason?: GapReason | undefined;
  /** The stream's key, or the log's name where a combination answers; a log in memory has none. */
  readonly log?: string | undefined;
}

/** On `tornadose:gap`: something may be missing for those who are connected. */
export interface GapReport {
  readonly reason: GapReason;
  /** Whether one client was told, or the `log` has a hole for all who follow it in this process. */
  readonly scope: 'client' | 'log';
  /** The stream's key or the channel's name; a log in memory has none. */
  readonly log?: string | undefined;
}

// The module is there on Node, Deno and Bun; a runtime without it simply has nobody who listens.
const library: typeof import('node:diagnostics_channel') | undefined =
  globalThis.process?.getBuiltinModule?.('node:diagnostics_channel');

const channel = (name: string): Channel | undefined => library?.channel(`tornadose:${name}`);
const connections = channel('connection');
const drops = channel('drop');
const errors = channel('error');
const resumes = channel('resume');
const gaps = channel('gap');
const ticks = channel('tick');

/** Calls `listener` with each report on `tornadose:<name>`. @returns what ends that */
export function listen(name: string, listener: (report: unknown) => void): () => void {
  const heard = (report: unknown): void => listener(report);
  library?.subscribe(`tornadose:${name}`, heard);
  return () => void library?.unsubscribe(`tornadose:${name}`, heard);
}

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

/** `tornadose:resume`: a {@link ResumeReport}, one for each client and log. Without a reason the position was honoured. */
export function reportResume(log: string | undefined, reason?: GapReason): void {
  if (!resumes?.hasSubscribers) return;
  resumes.publish({ recovered: reason === undefined, reason, log } satisfies ResumeReport);
}

/** `tornadose:gap`: a {@link GapReport}. */
export function reportGap(reason: GapReason, scope: GapReport['scope'], log?: string): void {
  if (gaps?.hasSubscribers) gaps.publish({ reason, scope, log } satisfies GapReport);
}

/** Whether anybody listens on `tornadose:tick`, for whom something has to be counted. */
export function isTickHeard(): boolean {
  return ticks?.hasSubscribers === true;
}

/** `tornadose:tick`: `{ sink, writes, events, bytes, delays }`, what was written in a tick. */
export function reportTick(report: object): void {
  ticks?.publish(report);
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
