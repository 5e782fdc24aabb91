import { TornadoseError } from '../errors.ts';
import { clock } from '../flow/clock.ts';
import { type Checked, checkNames, integer } from '../options.ts';
import { type DismissedSocket, dismiss } from './dismiss.ts';
import { limitPayload } from './internals.ts';

/** How much a client may send over a WebSocket. */
export interface InboundOptions {
  /** The largest message, in bytes. One that is larger closes the connection with 1009. @defaultValue 1 048 576 */
  readonly maxBytes?: number | undefined;
  /** How many messages, pings and pongs among them, in a second. More close the connection with 1008. @defaultValue 500 */
  readonly maxPerSecond?: number | undefined;
}

/** The limits, checked. */
export type InboundLimits = Checked<InboundOptions>;

/** The option, checked. */
export function inboundLimits(options: InboundOptions = {}): InboundLimits {
  checkNames('inbound', options, ['maxBytes', 'maxPerSecond']);
  return {
    maxBytes: integer('inbound.maxBytes', options.maxBytes, 1024 * 1024),
    maxPerSecond: integer('inbound.maxPerSecond', options.maxPerSecond, 500),
  };
}

/** What is needed of a socket for that. */
interface InboundSocket extends DismissedSocket {
  on(event: 'message' | 'ping' | 'pong', listener: () => void): unknown;
}

/** A socket that is bounded. */
export interface Bounded {
  readonly ws: InboundSocket;
  readonly limits: InboundLimits;
  /** Of the second that began at `since`; made when something comes, as most clients say nothing. */
  account: { since: number; count: number } | undefined;
  /** The client has sent too much, and its socket is being closed. */
  overran(error: TornadoseError): void;
}

const bounded = Symbol('what is bounded by a socket');

const policyViolation = 1008;

/** Bounds what comes in over a socket: a client that sends more is closed. */
export function limitInbound(of: Bounded): void {
  const { ws, limits } = of;
  limitPayload(ws, limits.maxBytes);
  (ws as { [bounded]?: Bounded })[bounded] = of;
  for (const event of ['message', 'ping', 'pong'] as const) ws.on(event, count);
}

/** One function for all sockets, as one for each takes a tenth of a kilobyte. */
function count(this: unknown): void {
  const of = (this as { [bounded]?: Bounded })[bounded];
  if (of === undefined) return;
  of.account ??= { since: 0, count: 0 };
  const { account, ws } = of;
  const { maxPerSecond } = of.limits;
  const now = clock();
  if (now - account.since >= 1000) Object.assign(account, { since: now, count: 0 });
  account.count += 1;
  // What else is in the same packet is past the limit too.
  if (account.count !== maxPerSecond + 1) return;
  dismiss(ws, policyViolation, 'too many messages');
  const message = `Expected at most ${maxPerSecond} messages in a second (\`inbound.maxPerSecond\`), got more`;
  of.overran(new TornadoseError('ERR_INBOUND', message, { limit: maxPerSecond }));
}
