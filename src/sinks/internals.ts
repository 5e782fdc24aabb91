/**
 * All that this library uses of the insides of Node and ws, with what it does where they are not as expected.
 * Everything here is asked for at run time: a runtime without these modules takes the way that is public.
 */

import type { TransportOwner } from '../flow/Transport.ts';

/** The part of a `net.Socket` that sinks write to. */
export interface RawSocket {
  readonly writable: boolean;
  readonly writableLength: number;
  readonly writableEnded: boolean;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly writableHighWaterMark: number;
  /** In ms; 0 or `undefined` where nobody has asked for one. */
  readonly timeout?: number | undefined;
  readonly _handle?: SocketHandle | null;
  readonly _writableState?: { needDrain: boolean };
  isPaused(): boolean;
  write(bytes: Uint8Array): boolean;
  on(event: 'drain' | 'end', listener: () => void): unknown;
  off(event: 'drain' | 'end', listener: () => void): unknown;
  emit(event: 'drain'): unknown;
  destroy(error: Error): unknown;
  destroySoon?(): void;
}

/** What Node has below a socket. */
interface SocketHandle {
  /**
   * Gives bytes to the kernel. The request is used where it does not take all of them at the first try, and is told of the rest.
   * @returns 0, or the number of an error, and then nothing was taken
   */
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
}

/** What Node makes for each write to a handle. */
interface WriteRequest {
  handle?: SocketHandle;
  /** What the kernel has yet to read. */
  buffer?: Uint8Array;
  callback?: (error?: Error | null) => void;
  /** Node's own: gives the error, if there was one, to the callback. */
  oncomplete(status: number): void;
  /** Below 0 until it is used. */
  getAsyncId(): number;
}

/** How to write to a handle as Node does. */
interface HandleWriter {
  /** A request that was not used. */
  spare: WriteRequest | undefined;
  readonly newRequest: () => WriteRequest;
  /** The methods that handles which do not encrypt, and sockets that nobody has changed, have in common. */
  readonly writeBuffer: unknown;
  readonly write: unknown;
  readonly errorOf: (status: number) => Error;
}

/** Learnt from Node's own first write to a socket; `undefined` until then, `null` in a runtime that does it in another way. */
let writer: HandleWriter | null | undefined;
/** How many bytes handles were given that are not through: `writableLength` does not know of them. */
const underWay = new WeakMap<RawSocket, number>();

/**
 * Writes to a socket, and tells whether it can take more; if not, the owner is told when it has drained.
 *
 * Where nothing waits, the bytes are given to the handle below the socket: the kernel takes nearly all of them at once, and
 * Node's streams would have made a request, a callback and a next tick for that, which are 0.8 us of the 10 of a write. Sockets
 * in whose streams something waits, that encrypt, that have a timeout, which each write puts off, or whose `write` somebody
 * has replaced, are written to as ever.
 */
export function writeTo(socket: RawSocket, bytes: Uint8Array, owner: TransportOwner): boolean {
  const took = writeBelow(socket, bytes) ?? socket.write(bytes);
  if (!took) onceDrained(socket, owner);
  return took;
}

/** How many bytes a socket was given that have not left the process. */
export function waitingIn(socket: RawSocket): number {
  return socket.writableLength + (underWay.get(socket) ?? 0);
}

/** @returns `undefined` where nothing was written */
function writeBelow(socket: RawSocket, bytes: Uint8Array): boolean | undefined {
  const { _handle: handle } = socket;
  if (!handle || writer === null) return undefined;
  if (writer === undefined) return learnFrom(socket, handle, bytes);
  if (handle.writeBuffer !== writer.writeBuffer || socket.write !== writer.write) return undefined;
  if (socket.writableLength > 0 || !socket.writable || socket.timeout) return undefined;
  const request = writer.spare ?? writer.newRequest();
  // Hooks of the application may run within, and write themselves.
  writer.spare = undefined;
  const status = handle.writeBuffer(request, bytes);
  if (status !== 0) {
    socket.destroy(writer.errorOf(status));
    return true;
  }
  if (request.getAsyncId() >= 0) return waitForRest(socket, handle, request, bytes);
  writer.spare = request;
  return true;
}

/** @returns whether the socket can take more all the same, as Node's streams answer it */
function waitForRest(socket: RawSocket, handle: SocketHandle, request: WriteRequest, bytes: Uint8Array): boolean {
  const { length } = bytes;
  underWay.set(socket, (underWay.get(socket) ?? 0) + length);
  request.handle = handle;
  request.buffer = bytes;
  request.callback = (error) => {
    const left = (underWay.get(socket) ?? 0) - length;
    if (left > 0) underWay.set(socket, left);
    else underWay.delete(socket);
    if (error) socket.destroy(error);
    else tellDrained(socket);
  };
  const { _writableState: state } = socket;
  const took = waitingIn(socket) < socket.writableHighWaterMark;
  // Node's server reads no more requests from a connection with that.
  if (!took && state) state.needDrain = true;
  return took;
}

/** As Node does behind a write of its own. */
function tellDrained(socket: RawSocket): void {
  const { _writableState: state } = socket;
  if (!state?.needDrain || !socket.writable || waitingIn(socket) > 0) return;
  state.needDrain = false;
  socket.emit('drain');
}

/** Writes as ever, and looks at what Node gives the handle. */
function learnFrom(socket: RawSocket, handle: SocketHandle, bytes: Uint8Array): boolean | undefined {
  const { writeBuffer } = handle;
  // What encrypts has a way of its own, and so may have somebody who has replaced a method.
  const isOne =
    typeof writeBuffer === 'function' &&
    !Object.hasOwn(handle, 'writeBuffer') &&
    handle.constructor.name !== 'TLSWrap' &&
    typeof socket._writableState?.needDrain === 'boolean';
  if (!isOne) return undefined;
  let request: WriteRequest | undefined;
  handle.writeBuffer = (given, data) => {
    request = given;
    return writeBuffer.call(handle, given, data);
  };
  try {
    return socket.write(bytes);
  } finally {
    Reflect.deleteProperty(handle, 'writeBuffer');
    if (request !== undefined) writer = writerFrom(request, writeBuffer);
  }
}

/** @returns `null` where Node's request is not as expected */
function writerFrom(seen: WriteRequest, writeBuffer: unknown): HandleWriter | null {
  const builtin = globalThis.process?.getBuiltinModule;
  const write = builtin?.('node:stream')?.Duplex.prototype.write;
  const nameOf = builtin?.('node:util')?.getSystemErrorName;
  const { constructor: Request, oncomplete } = seen;
  if (Request.name !== 'WriteWrap' || typeof oncomplete !== 'function' || !write || !nameOf) return null;
  const newRequest = (): WriteRequest => Object.assign(new (Request as new () => WriteRequest)(), { oncomplete });
  const spare = newRequest();
  // Only one that Node itself has made says whether it is used.
  if (spare.getAsyncId?.() !== -1) return null;
  const errorOf = (errno: number): Error => {
    const code = nameOf(errno);
    return Object.assign(new Error(`write ${code}`), { errno, code, syscall: 'write' });
  };
  return { spare, newRequest, writeBuffer, write, errorOf };
}

/**
 * Those who wait for a drain: a heartbeat may be written behind what waits already. Owners and not sockets, as the next
 * response on a connection may wait while the one before it does.
 */
const draining = new WeakSet<TransportOwner>();

/**
 * Tells the owner when the socket has drained, and leaves no listener behind: most clients never need one. One that closes
 * its side instead of reading is gone, as Node then ends the connection behind what was written; that is seen here alone,
 * and not where sinks write through `res.write` or `ws.send`.
 */
export function onceDrained(socket: RawSocket, owner: TransportOwner): void {
  if (draining.has(owner)) return;
  draining.add(owner);
  const drained = (): void => {
    forget();
    owner.transportDrained();
  };
  const ended = (): void => {
    // A server that allows half-open connections goes on.
    if (!socket.writableEnded) return;
    owner.transportLeft();
  };
  const forget = (): void => {
    draining.delete(owner);
    socket.off('drain', drained);
    socket.off('end', ended);
  };
  socket.on('drain', drained);
  socket.on('end', ended);
}

interface NodeResponse {
  readonly chunkedEncoding?: unknown;
  readonly outputSize?: unknown;
  readonly socket?: NodeConnection | null | undefined;
  readonly req?: { readonly socket?: NodeConnection | null };
  readonly write: unknown;
}

interface NodeConnection extends RawSocket {
  /** The response whose turn it is. */
  readonly _httpMessage?: unknown;
}

interface NodeWebSocket {
  readonly extensions?: unknown;
  readonly _isServer?: unknown;
  readonly _socket?: Partial<RawSocket> | null;
}

interface NodeMethods {
  readonly write: unknown;
  readonly writeHead: unknown;
  readonly on: unknown;
}

let ofNode: NodeMethods | undefined;

/** The methods that Node's own responses have, to see whether somebody has replaced one. */
function methodsOfNode(): NodeMethods | undefined {
  ofNode ??= globalThis.process?.getBuiltinModule?.('node:http')?.ServerResponse.prototype;
  return ofNode;
}

/**
 * The socket of an HTTP/1.1 response that takes ready chunks: one that is chunked, whose turn it is on the connection,
 * and whose `write` nobody has replaced. `undefined` for all others (HTTP/1.0, HTTP/2, a pipelined response that waits,
 * middleware that wraps), which are written to with `res.write`.
 *
 * Without it each `res.write` makes a chunk header of its own, two more writes and a `cork`: about a third more CPU.
 */
export function chunkedSocketOf(response: unknown): RawSocket | undefined {
  const res = response as NodeResponse;
  if (res.chunkedEncoding !== true || res.outputSize !== 0 || res.write !== methodsOfNode()?.write) return undefined;
  const { socket } = res;
  return socket && socket._httpMessage === response && socket.writable ? socket : undefined;
}

/** The `net.Socket` of a ws WebSocket. `undefined` where ws is not as expected. */
export function socketOf(webSocket: unknown): RawSocket | undefined {
  const { _socket: socket } = webSocket as NodeWebSocket;
  const isOne =
    typeof socket?.write === 'function' &&
    typeof socket.isPaused === 'function' &&
    typeof socket.bytesRead === 'number';
  return isOne ? (socket as RawSocket) : undefined;
}

/**
 * The socket of a ws WebSocket that takes ready frames: one without extensions, as compression is ws's to do.
 * `undefined` for all others, which are written to with `ws.send`.
 *
 * Without it each message of each client gets a header of its own and a write of its own, also within one tick.
 */
export function framedSocketOf(webSocket: unknown): RawSocket | undefined {
  const { extensions, _isServer } = webSocket as NodeWebSocket;
  // A client's frames are masked, each with a key of its own.
  return extensions === '' && _isServer === true ? socketOf(webSocket) : undefined;
}

interface PayloadLimits {
  _maxPayload?: unknown;
}

/**
 * Lowers the size of message that a ws WebSocket takes, compressed or not, which is 100 MiB unless its server was told: what is
 * larger closes it with 1009. Where ws is not as expected, what its server was told stays.
 */
export function limitPayload(webSocket: unknown, maxBytes: number): void {
  const { _receiver: receiver, _extensions: extensions } = webSocket as {
    readonly _receiver?: PayloadLimits | null;
    readonly _extensions?: Readonly<Record<string, PayloadLimits | undefined>>;
  };
  for (const limits of [receiver, extensions?.['permessage-deflate']]) {
    const most = limits?._maxPayload;
    // 0 is no limit.
    if (limits && typeof most === 'number' && (most === 0 || most > maxBytes)) limits._maxPayload = maxBytes;
  }
}

/** Whether a response of Node's own has no headers yet, so that all of them can come with `writeHead`. */
export function hasNoHeaders(response: { getHeaderNames?(): readonly string[]; readonly writeHead: unknown }): boolean {
  return response.writeHead === methodsOfNode()?.writeHead && response.getHeaderNames?.().length === 0;
}

/**
 * Lets go of the text of the headers of a response of Node's own, which are on their way: a quarter of a kilobyte for each
 * client that nobody reads again. What is left says that there were some, which is all that Node asks.
 */
export function forgetHeaders(response: unknown): void {
  const res = response as { _header?: unknown; readonly _headerSent?: unknown; readonly on?: unknown };
  if (typeof res._header === 'string' && res._headerSent === true && res.on === methodsOfNode()?.on)
    res._header = 'HTTP/1.1 200 OK\r\n\r\n';
}

/**
 * Has the connection of an HTTP/1 response closed with the response, if it is the last: others may have been asked for over it
 * already. Where the connection is not as expected, it stays as long as its server keeps idle ones.
 */
export function closeConnectionAfter(response: { on(event: 'finish', listener: () => void): unknown }): void {
  const { socket, req } = response as unknown as NodeResponse;
  // A pipelined response has no socket until its turn comes.
  const connection = socket ?? req?.socket;
  response.on('finish', () => {
    // Node's own listener was there first, and has given the turn to the next.
    if (connection?._httpMessage === null) connection.destroySoon?.();
  });
}

/** What ends a chunked body that is whole (RFC 9112, section 7.1), as Node sends it: with trailers, if there are any. */
const lastChunk = /^0\r\n(?:[^\r\n]+\r\n)*\r\n$/;

interface SendingResponse {
  readonly chunkedEncoding?: unknown;
  readonly socket?: NodeConnection | null;
  readonly req?: { readonly socket?: NodeConnection | null };
  _send?: ((data: unknown, ...others: unknown[]) => unknown) | undefined;
  end(): unknown;
  prependListener(event: 'finish', listener: () => void): unknown;
}

/**
 * Ends a chunked HTTP/1.1 response that middleware has wrapped, or that waits for its turn, behind what is still to be
 * written, but without the last chunk, and closes its connection: so a reader can tell that it was broken off. Where Node is
 * not as expected it ends as ever; so it does over HTTP/1.0, which has no way to say so.
 */
export function breakOff(response: { end(): unknown }): void {
  const res = response as SendingResponse;
  const { _send: send } = res;
  // A pipelined response has no socket until its turn comes.
  const connection = res.socket ?? res.req?.socket;
  if (res.chunkedEncoding === true && typeof send === 'function') {
    res._send = (data, ...others) =>
      send.call(res, typeof data === 'string' && lastChunk.test(data) ? '' : data, ...others);
    // Before Node's own listener, which would give the connection to the next response: that would be in this one's body.
    res.prependListener('finish', () => connection?.destroySoon?.());
  }
  res.end();
}

interface NodeStream {
  removeAllListeners(event: 'wantTrailers'): unknown;
  once(event: 'wantTrailers', listener: () => void): unknown;
}

/**
 * Ends a response over HTTP/2 with an error code in place of the end, behind all that was written. Trailers are not sent,
 * neither Node's nor the application's.
 */
export function resetAfter(response: { end(): unknown }, stream: { close(code: number): void }, code: number): void {
  const { removeAllListeners, once } = stream as unknown as Partial<NodeStream>;
  if (typeof removeAllListeners !== 'function' || typeof once !== 'function') {
    stream.close(code);
    return;
  }
  // Responses of Node's own have trailers asked for when all else is through, and would send them, and the end with them.
  removeAllListeners.call(stream, 'wantTrailers');
  once.call(stream, 'wantTrailers', () => stream.close(code));
  response.end();
}

const ownerOf = Symbol('the owner of a response');

interface OwnedResponse {
  [ownerOf]?: TransportOwner;
  readonly on?: unknown;
}

/**
 * What listens on a response for its end. For one of Node's own it is one function for all of them, which finds its owner
 * on the response: a function for each takes a tenth of a kilobyte. On others `this` may be somebody else.
 */
export function closeListener(response: unknown, owner: TransportOwner): (error?: unknown) => void {
  const res = response as OwnedResponse;
  if (res.on !== methodsOfNode()?.on) return (error) => owner.transportClosed(error);
  res[ownerOf] = owner;
  return closedOfNode;
}

function closedOfNode(this: unknown, error?: unknown): void {
  (this as OwnedResponse)[ownerOf]?.transportClosed(error);
}
