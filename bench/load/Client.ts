import { connect, type Socket } from 'node:net';
import type { Protocol } from './protocol.ts';

/** All clients read into this one: what is in it is used before the next read. */
const room = Buffer.alloc(64 * 1024);

const headEnd = '\r\n\r\n';

const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

const requests: Readonly<Record<Protocol, (client: number) => string>> = {
  'event-stream': (client) => requestOf(`/?client=${client}`, 'Accept: text/event-stream\r\n'),
  websocket: (client) => requestOf(`/?client=${client}`, upgrade),
};

function requestOf(path: string, headers: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`;
}

/** A raw socket that reads everything, with no HTTP client in between, or nothing at all. */
export class Client {
  readonly #socket: Socket;
  /** What came of the head so far; undefined after its end. */
  #head: string | undefined = '';

  /** Without `onBody` it never reads. `onOpen` is called when it is answered, or connected when it does not read. */
  constructor(port: number, client: number, protocol: Protocol, onOpen: () => void, onBody?: (bytes: Buffer) => void) {
    const onread = {
      buffer: room,
      callback: (length: number): boolean => {
        const bytes = room.subarray(0, length);
        const body = this.#head === undefined ? bytes : this.#afterHead(bytes, onOpen);
        if (body !== undefined) onBody?.(body);
        return true;
      },
    };
    const address = { port, host: '127.0.0.1' };
    this.#socket = connect(onBody === undefined ? address : { ...address, onread });
    if (onBody === undefined) {
      // Node reads ahead otherwise, whoever listens.
      this.#socket.pause();
      this.#socket.once('connect', onOpen);
    }
    // An end is seen as events that are missing.
    this.#socket.on('error', () => {});
    this.#socket.write(requests[protocol](client));
  }

  /** Leaves without a word, and without an address that stays taken. */
  cut(): void {
    this.#socket.resetAndDestroy();
  }

  #afterHead(bytes: Buffer, onOpen: () => void): Buffer | undefined {
    const before = this.#head as string;
    this.#head = before + bytes.toString('latin1');
    const end = this.#head.indexOf(headEnd);
    if (end === -1) return undefined;
    if (!/^HTTP\/1\.1 (200|101)/.test(this.#head)) throw new Error(`Refused: ${this.#head.slice(0, 200)}`);
    this.#head = undefined;
    onOpen();
    return bytes.subarray(end + headEnd.length - before.length);
  }
}
