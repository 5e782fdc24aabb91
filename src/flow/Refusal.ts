import { TornadoseError } from '../errors.ts';

/** Why somebody is turned away at the gate, and how to say so over HTTP. */
export interface Refusal {
  /** 503 where the server has no room for anybody, 429 where this client has enough (RFC 9110, section 15.6.4; RFC 6585, section 4). */
  readonly status: 429 | 503;
  /** After how many seconds to try again: the header `Retry-After`. At random, so that those who were turned away do not come back together. */
  readonly retryAfter: number;
  /** `ERR_LIMIT` or `ERR_DRAINING`. */
  readonly error: TornadoseError;
}

/** The limit of which there is too much. */
export type LimitName = 'maxConnections' | 'maxPerKey' | 'maxPerSession';

const whose: Record<LimitName, string> = {
  maxConnections: 'in all',
  maxPerKey: 'for one key',
  maxPerSession: 'over one HTTP/2 session',
};

/** There are as many connections as there may be. */
export function tooMany(limit: LimitName, most: number, retryAfter: number): Refusal {
  const message = `Expected at most ${most} connections ${whose[limit]} (\`${limit}\`), got one more`;
  const error = new TornadoseError('ERR_LIMIT', message, { limit, most, retryAfter });
  return { status: limit === 'maxConnections' ? 503 : 429, retryAfter, error };
}

/** The server is going away. */
export function draining(retryAfter: number): Refusal {
  const message = 'Expected a server that takes connections, got one that is being drained';
  return { status: 503, retryAfter, error: new TornadoseError('ERR_DRAINING', message, { retryAfter }) };
}
