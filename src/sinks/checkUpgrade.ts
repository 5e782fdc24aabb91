import { TornadoseError } from '../errors.ts';
import { checkGate, checkKey, type Gate, gate as gateOfProcess } from '../flow/Gate.ts';
import { checkNames, invalidOption } from '../options.ts';

/** What is asked of an upgrade request: the `IncomingMessage` of `node:http` has it. */
export interface UpgradeRequest {
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
}

/** Who may open a WebSocket. */
export interface UpgradeOptions {
  /**
   * The origins of the pages that may, such as `https://example.com`, as browsers send them: scheme, host, and a port that is
   * not the scheme's own. @defaultValue pages of the host that the request names
   */
  readonly origins?: readonly string[] | undefined;
  /** Whom the connection will count for. @defaultValue nobody */
  readonly key?: string | undefined;
  /** The gate that it will come to. @defaultValue the process's `gate` */
  readonly gate?: Gate | undefined;
}

/** What a refused client is answered with, through. */
export interface SocketLike {
  end(text: string): unknown;
  destroy(): unknown;
  on(event: 'error' | 'finish', listener: () => void): unknown;
}

const names = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
} as const;

/**
 * Answers an upgrade request with a status in place of a WebSocket, and closes its connection, whatever the client does: Node
 * listens to such a socket no more.
 *
 * ```ts
 * server.on('upgrade', (req, socket, head) => {
 *   const refusal = checkUpgrade(req);
 *   if (refusal !== undefined) refusal.send(socket);
 *   else if (userOf(req) === undefined) refuseUpgrade(socket, 401);
 *   else webSockets.handleUpgrade(req, socket, head, (ws) => void chat.pipe(toWebSocket(ws)));
 * });
 * ```
 *
 * @param retryAfter after how many seconds to try again
 */
export function refuseUpgrade(socket: SocketLike, status: keyof typeof names, retryAfter?: number): void {
  const retry = retryAfter === undefined ? '' : `Retry-After: ${retryAfter}\r\n`;
  // One that has left already would be an uncaught exception.
  socket.on('error', () => {});
  // A server leaves its sockets half open: one whose client does not close its own side would be there for ever.
  socket.on('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${names[status]}\r\nConnection: close\r\nContent-Length: 0\r\n${retry}\r\n`);
}

/**
 * Why an upgrade is refused, as HTTP says it.
 *
 * ```ts
 * const refusal = checkUpgrade(req);
 * if (refusal !== undefined) {
 *   log.info(refusal.error.message); // 'Expected an upgrade from the same host, got one from another origin'
 *   refusal.send(socket); // 403, and for the gate 429 or 503 with `Retry-After`
 * }
 * ```
 */
export class UpgradeRefusal {
  /** 403 for a page of another origin, 429 or 503 where the gate lets nobody in. */
  readonly status: 403 | 429 | 503;
  /** After how many seconds to try again, if ever. */
  readonly retryAfter: number | undefined;
  /** `ERR_ORIGIN`, `ERR_LIMIT` or `ERR_DRAINING`. */
  readonly error: TornadoseError;

  constructor(status: UpgradeRefusal['status'], error: TornadoseError, retryAfter?: number) {
    this.status = status;
    this.error = error;
    this.retryAfter = retryAfter;
  }

  /** Answers, and closes the connection. */
  send(socket: SocketLike): void {
    refuseUpgrade(socket, this.status, this.retryAfter);
  }
}

/**
 * Why an upgrade to a WebSocket is to be refused, `undefined` where it is fine. A page of any site may open a WebSocket to any
 * other, with that site's cookies: CORS does not cover it, and only the `Origin` tells (RFC 6455, section 10.2).
 *
 * ```ts
 * const webSockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 });
 *
 * server.on('upgrade', (req, socket, head) => {
 *   const refusal = checkUpgrade(req, { origins: ['https://example.com'] });
 *   if (refusal !== undefined) refusal.send(socket);
 *   else webSockets.handleUpgrade(req, socket, head, (ws) => void chat.pipe(toWebSocket(ws)));
 * });
 * ```
 *
 * A request without `Origin` is none of a browser's, and is not refused for that: it brings only what its sender has. The gate
 * is asked as well, as a refusal before the upgrade has a status.
 *
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export function checkUpgrade(req: UpgradeRequest, options: UpgradeOptions = {}): UpgradeRefusal | undefined {
  checkNames('checkUpgrade', options, ['origins', 'key', 'gate']);
  const { origins, key, gate = gateOfProcess } = options;
  if (typeof req?.headers !== 'object') throw invalidOption('req', 'an upgrade request', req);
  checkKey(key);
  checkGate(gate);
  if (origins !== undefined) checkOrigins(origins);
  const { origin, host } = req.headers;
  if (origin !== undefined && !isAllowed(origin, origins, host)) {
    const message = `Expected an upgrade from ${origins?.join(' or ') ?? 'the same host'}, got one from another origin`;
    return new UpgradeRefusal(403, new TornadoseError('ERR_ORIGIN', message, { origin: printable(origin) }));
  }
  const refusal = gate.check({ key });
  return refusal && new UpgradeRefusal(refusal.status, refusal.error, refusal.retryAfter);
}

/** For a log: no line of its own, nothing that a terminal acts on, and no longer than a line. An origin is ASCII. */
function printable(origin: unknown): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return String(origin)
    .slice(0, 200)
    .replace(/[^ -~]/g, escaped)
    .slice(0, 200);
}

function isAllowed(origin: unknown, origins: readonly string[] | undefined, host: unknown): boolean {
  if (typeof origin !== 'string') return false;
  if (origins !== undefined) return origins.includes(origin.toLowerCase());
  return typeof host === 'string' && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

const seen = new WeakSet<readonly string[]>();

/** Checked once for each list, as it is the same for all requests. */
function checkOrigins(origins: readonly string[]): void {
  if (!Array.isArray(origins)) throw invalidOption('origins', 'an array of origins', origins);
  if (seen.has(origins)) return;
  for (const origin of origins) {
    // With a path, or a slash at the end, it would never match.
    if (typeof origin !== 'string' || (origin !== 'null' && (!URL.canParse(origin) || originOf(origin) !== origin)))
      throw invalidOption('origins', "origins such as 'https://example.com', without a slash at the end", origin);
  }
  seen.add(origins);
}

/** Of any scheme: those that browsers do not know have no `origin`. */
function originOf(text: string): string {
  const { protocol, host } = new URL(text);
  return `${protocol}//${host}`;
}
