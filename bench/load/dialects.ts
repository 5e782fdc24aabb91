import { upgradeHeaders } from '../../spec/support/upgradeHeaders.ts';
import type { Protocol } from './protocol.ts';

/** What a client says, as text or bytes, and what it has to hear before it is one. */
export interface Dialect {
  request(path: string): string;
  /** In this order. Each is answered as it says here, and the last one makes the connection open. */
  readonly greeting: readonly { readonly hears: string; readonly says?: Buffer }[];
  /** What has to be answered as long as it is open. */
  readonly ping?: { readonly hears: Buffer; readonly says: Buffer };
}

const headEnd = { hears: '\r\n\r\n' };

const text = 0x81;
const ping = 0x89;
const pong = 0x8a;

/** A frame from a client, with a mask of zeros; one from a server is the same without a mask. */
function maskedFrame(type: number, payload: string): Buffer {
  return Buffer.concat([Buffer.of(type, 0x80 | payload.length, 0, 0, 0, 0), Buffer.from(payload)]);
}

function requestOf(path: string, headers: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`;
}

export const dialects: Readonly<Record<Protocol, Dialect>> = {
  'event-stream': {
    request: (path) => requestOf(path, 'Accept: text/event-stream\r\n'),
    greeting: [headEnd],
  },
  websocket: {
    request: (path) => requestOf(path, upgradeHeaders),
    greeting: [headEnd],
    ping: { hears: Buffer.of(ping, 0), says: maskedFrame(pong, '') },
  },
  // Engine.IO 4 and Socket.IO 5, of which the client library is left out: open, connect to the namespace, be told the id.
  'socket.io': {
    request: (path) => requestOf(path.replace('/?', '/socket.io/?EIO=4&transport=websocket&'), upgradeHeaders),
    greeting: [headEnd, { hears: '0{', says: maskedFrame(text, '40') }, { hears: '40{"sid"' }],
    ping: { hears: Buffer.of(text, 1, 0x32), says: maskedFrame(text, '3') },
  },
};
