import type { DropReason } from '../operators/BackpressureOperator.ts';

/**
 * Why a connection closed: the `client` left; the source was `complete` or had an `error`; the client was too slow
 * (`overflow`), silent (`timeout`), or the worst when the whole process was over its `budget`; the `signal`, the
 * `maxAge` or the time of `expired` authorisation ended it; the server was `drain`ed; or it was `refused`, by the gate or
 * because nothing can be written.
 */
export type CloseReason =
  | 'client'
  | 'complete'
  | 'error'
  | 'overflow'
  | 'signal'
  | 'maxAge'
  | 'timeout'
  | 'budget'
  | 'drain'
  | 'expired'
  | 'refused';

/** The connection is open: its headers are on their way. */
export interface OpenEvent {
  readonly type: 'open';
}

/** What a client did not get, summed up over a tick. `count` in values, `bytes` on the wire. */
export interface DropEvent {
  readonly type: 'drop';
  readonly reason: DropReason;
  readonly count: number;
  readonly bytes: number;
}

/** The end, with the source's or the transport's error where there is one. */
export interface CloseEvent {
  readonly type: 'close';
  readonly reason: CloseReason;
  readonly error?: unknown;
}

/** On `tornadose:connection`: a connection opened, or closed; one that was refused, or answered without a body, only closes. */
export interface ConnectionReport {
  /** The encoder's name: `event-stream`, `websocket`, or that of one's own. */
  readonly sink: string;
  readonly event: OpenEvent | CloseEvent;
}

/** On `tornadose:drop`: what a connection did not get in a tick, for one reason. */
export interface DropReport {
  /** The encoder's name: `event-stream`, `websocket`, or that of one's own. */
  readonly sink: string;
  readonly event: DropEvent;
}

/** What `pipe(toEventSource(res))` emits: `open`, `drop`s, and one `close`. */
export type ConnectionEvent = OpenEvent | DropEvent | CloseEvent;
