import type { IncomingMessage } from 'node:http';

/**
 * Whether a request comes from a page of this server, or from no page at all. Pages of other sites can send requests and
 * open WebSockets here, with this site's cookies: only the Origin tells (RFC 6455, section 10.2).
 */
export function sameHost({ headers: { origin, host } }: IncomingMessage): boolean {
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}
