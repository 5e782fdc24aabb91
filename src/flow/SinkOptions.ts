import { Frame } from '../encoding/Frame.ts';
import type { BackpressureOperator } from '../operators/BackpressureOperator.ts';
import { onBackpressureBuffer } from '../operators/onBackpressureBuffer.ts';
import { onBackpressureDrop } from '../operators/onBackpressureDrop.ts';
import { onBackpressureLatest } from '../operators/onBackpressureLatest.ts';
import { onBackpressureReduce } from '../operators/onBackpressureReduce.ts';
import { type Strategy, strategyOf } from '../operators/Waiting.ts';
import { integer, invalidOption, milliseconds } from '../options.ts';
import { checkGate, checkKey, type Gate, gate as gateOfProcess } from './Gate.ts';

/** Options of all sinks. */
export interface SinkOptions<T> {
  /** What to do while the client cannot take more. @defaultValue `onBackpressureBuffer()`: 1 MiB, then the client ends */
  readonly backpressure?: BackpressureOperator<T> | undefined;
  /**
   * How many bytes of one tick a client may take; what comes then is the strategy's. The buffer, which would keep all of
   * it, has them written at once and goes on.
   * @defaultValue 65 536
   */
  readonly outboxBytes?: number | undefined;
  /** After how many ms of silence a sign of life goes out; `false` for none. @defaultValue 15 000 */
  readonly heartbeat?: number | false | undefined;
  /**
   * After how many ms the connection ends, at random up to a fifth earlier, so that clients do not come back all at
   * once. It is the way to notice an SSE client that has vanished without a word. @defaultValue off
   */
  readonly maxAge?: number | undefined;
  /** Ends the connection when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /**
   * When the client's authorisation ends, and with it the connection: a Date, or ms since 1970. A JWT's `exp` is in
   * seconds: `new Date(exp * 1000)`. @defaultValue never
   */
  readonly expires?: Date | number | undefined;
  /** Whom the connection counts for, in `gate.maxPerKey`: a user's id, an address. @defaultValue nobody */
  readonly key?: string | undefined;
  /** Where the connection is let in, counted and drained. @defaultValue the process's `gate` */
  readonly gate?: Gate | undefined;
}

/** The options, checked, as the engine wants them. */
export interface Settings<T> {
  /** The recipe that the engine runs by itself; for an operator of somebody's own, what is behind it as a last bound. */
  readonly strategy: Strategy;
  readonly operator: BackpressureOperator<T> | undefined;
  readonly outboxBytes: number;
  readonly heartbeat: number | undefined;
  readonly heartbeatFrame: Frame | undefined;
  readonly maxAge: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly expires: number | undefined;
  readonly key: string | undefined;
  readonly gate: Gate;
}

/** The names of the options that all sinks share. */
export const sinkOptionNames: readonly string[] = [
  'backpressure',
  'outboxBytes',
  'heartbeat',
  'maxAge',
  'signal',
  'expires',
  'key',
  'gate',
];

/** What makes a strategy is not one: `backpressure: onBackpressureLatest` lacks its parentheses. */
const uncalled = new Set<unknown>([
  onBackpressureBuffer,
  onBackpressureDrop,
  onBackpressureLatest,
  onBackpressureReduce,
]);

const defaultStrategy = strategyOf(onBackpressureBuffer()) as Strategy;

/** Checks the values of the options that all sinks share. `sign` is the heartbeat's text, if it has one. */
export function settingsOf<T>(options: SinkOptions<T>, sign: string | Uint8Array | undefined): Settings<T> {
  const { backpressure, signal, key, gate = gateOfProcess } = options;
  if (backpressure !== undefined && (typeof backpressure !== 'function' || uncalled.has(backpressure))) {
    throw invalidOption('backpressure', 'a strategy, such as `onBackpressureLatest()`', backpressure);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidOption('signal', 'an AbortSignal', signal);
  checkKey(key);
  checkGate(gate);
  const strategy = backpressure === undefined ? defaultStrategy : strategyOf(backpressure);
  return {
    strategy: strategy ?? defaultStrategy,
    operator: strategy === undefined ? backpressure : undefined,
    outboxBytes: integer('outboxBytes', options.outboxBytes, 64 * 1024),
    heartbeat: options.heartbeat === false ? undefined : milliseconds('heartbeat', options.heartbeat, 15_000),
    heartbeatFrame: sign === undefined ? undefined : frameOf(sign),
    maxAge: milliseconds('maxAge', options.maxAge, undefined),
    signal,
    expires: expiryOf(options.expires),
    key,
    gate,
  };
}

function expiryOf(expires: Date | number | undefined): number | undefined {
  if (expires === undefined) return undefined;
  const time = expires instanceof Date ? expires.getTime() : expires;
  if (typeof time !== 'number' || !Number.isFinite(time)) {
    throw invalidOption('expires', 'a Date or a number of ms since 1970', expires);
  }
  // A number of seconds is a time in 1970, and would end each connection as soon as it is made.
  if (typeof expires === 'number' && expires < 1e11) {
    throw invalidOption('expires', 'in ms since 1970, not in seconds', expires);
  }
  return time;
}

// One frame for each text, so that the heartbeats of a tick are one batch for all clients.
const frames = new Map<string, Frame>();

function frameOf(sign: string | Uint8Array): Frame {
  if (typeof sign !== 'string') return new Frame(undefined, sign);
  let frame = frames.get(sign);
  if (frame === undefined) {
    frame = new Frame(undefined, sign);
    // An application has one or two; one that makes up names as it goes gets no cache.
    if (frames.size < 100) frames.set(sign, frame);
  }
  return frame;
}
