import type { OperatorFunction } from 'rxjs';
import type { Serialize } from '../encoding/Encoder.ts';
import { webSocketFrames, webSocketText } from '../encoding/webSocketText.ts';
import { Connection } from '../flow/Connection.ts';
import type { ConnectionEvent } from '../flow/ConnectionEvent.ts';
import { checkNames, invalidOption, optionalFunction } from '../options.ts';
import { type BrowserSinkOptions, browserNames, browserSettings, visibleHeartbeat } from './browserOptions.ts';
import { FramedTransport } from './FramedTransport.ts';
import { type InboundOptions, inboundLimits } from './inbound.ts';
import { framedSocketOf } from './internals.ts';
import { MessageTransport } from './MessageTransport.ts';
import { refused, unwritable } from './refused.ts';
import type { WebSocketLike } from './WebSocketTransport.ts';

/** Options of {@link toWebSocket}. */
export interface WebSocketOptions<T> extends BrowserSinkOptions<T> {
  /** How much the client may send: 1 MiB a message and 500 messages a second by default. */
  readonly inbound?: InboundOptions | undefined;
}

/**
 * Streams the source to a WebSocket of ws (RFC 6455): each value as the JSON text `{"data": …}`, with `"event"` and
 * `"id"` where a `Message` has them.
 *
 * ```ts
 * const webSockets = new WebSocketServer({ noServer: true });
 *
 * server.on('upgrade', (req, socket, head) => {
 *   const refusal = checkUpgrade(req);
 *   if (refusal !== undefined) refusal.send(socket);
 *   else webSockets.handleUpgrade(req, socket, head, (ws) => void chat.pipe(toWebSocket(ws)));
 * });
 * ```
 *
 * Piping connects: the source is subscribed at once, and stays so until the client leaves or the source ends, when the
 * socket is closed with 1000, or 1011 after an error. The heartbeat is a ping: a client from which nothing comes until the
 * next one, no pong nor a part of a message, is gone, and its connection is cut (`close` with reason `timeout`). What the
 * client sends is yours to read; while you `pause` the socket, no answer is expected.
 *
 * One sink for each socket, as its end closes the socket: `merge` what is to go over one.
 *
 * @param ws an open WebSocket of the ws package, version 8
 * @returns an operator whose output are the connection's {@link ConnectionEvent}s, as with `toEventSource`
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export function toWebSocket<T>(
  ws: WebSocketLike,
  options: WebSocketOptions<T> = {},
): OperatorFunction<T, ConnectionEvent> {
  if (typeof ws?.terminate !== 'function') throw invalidOption('ws', 'a WebSocket of the ws package', ws);
  checkNames('toWebSocket', options, [...browserNames, 'inbound']);
  const limits = inboundLimits(options.inbound);
  const serialize = optionalFunction('serialize', options.serialize) as Serialize<unknown> | undefined;
  const socket = framedSocketOf(ws);
  const encoder = socket === undefined ? webSocketText(serialize) : webSocketFrames(serialize);
  const event = visibleHeartbeat(options.heartbeat);
  const settings = browserSettings(options, event && encoder.encode({ data: '', event }));
  return (source) => {
    if (ws.readyState !== ws.OPEN) return refused(encoder.name, unwritable('a WebSocket', 'closed'));
    const transport = socket === undefined ? new MessageTransport(ws, limits) : new FramedTransport(ws, limits, socket);
    return new Connection(source, transport, encoder, settings);
  };
}
