import type { OperatorFunction } from 'rxjs';
import type { Encoder } from '../encoding/Encoder.ts';
import { Connection } from '../flow/Connection.ts';
import type { ConnectionEvent } from '../flow/ConnectionEvent.ts';
import { type SinkOptions, settingsOf, sinkOptionNames } from '../flow/SinkOptions.ts';
import type { Transport } from '../flow/Transport.ts';
import { checkNames, invalidOption } from '../options.ts';

/**
 * A sink of your own: what `toEventSource`, `toWebSocket` and `toResponse` are made of.
 *
 * ```ts
 * const ndjson: Encoder = { name: 'ndjson', encode: ({ data }) => `${JSON.stringify(data)}\n` };
 * store.pipe(toSink(transportOf(socket), ndjson, { backpressure: onBackpressureLatest() }));
 * ```
 *
 * Piping connects: the source is subscribed at once, and stays so until the client leaves or the source ends.
 * Pass the same encoder object for all clients: they share what it encodes.
 *
 * @param transport the way to one client
 * @param encoder how a message becomes bytes
 * @returns an operator whose output are the connection's {@link ConnectionEvent}s; watch it or not
 * @throws TornadoseError `ERR_INVALID_OPTION`
 */
export function toSink<T>(
  transport: Transport,
  encoder: Encoder,
  options: SinkOptions<T> = {},
): OperatorFunction<T, ConnectionEvent> {
  for (const method of ['write', 'onDrain', 'onClose', 'end', 'destroy'] as const) {
    if (typeof transport?.[method] !== 'function')
      throw invalidOption(`transport.${method}`, 'a function', transport?.[method]);
  }
  // Without it no limit would ever be reached.
  if (typeof transport.waiting !== 'number')
    throw invalidOption('transport.waiting', 'a number of bytes', transport.waiting);
  if (typeof encoder?.encode !== 'function') throw invalidOption('encoder.encode', 'a function', encoder?.encode);
  checkNames('toSink', options, sinkOptionNames);
  const settings = settingsOf(options, encoder.heartbeat);
  return (source) => new Connection(source, transport, encoder, settings);
}
