import { connect, type Socket } from 'node:net';
import { type Dialect, dialects } from './dialects.ts';
import type { Protocol } from './protocol.ts';

/** All clients read into this one: what is in it is used before the next read. */
const room = Buffer.alloc(64 * 1024);

const refusal = /^HTTP\/1\.1 (?!200|101)\d/;

/** A raw socket that reads everything, with no HTTP client in between, or nothing after it was answered. */
export class Client {
  readonly #socket: Socket;
  readonly #dialect: Dialect;
  readonly #onOpen: () => void;
  readonly #onBody: ((bytes: Buffer) => void) | undefined;
  /** How much of the greeting is over, and what came that may be the next part. */
  #greeted = 0;
  #heard = '';

  /** Without `onBody` it stops reading when it is open. */
  constructor(
    address: { readonly port: number; readonly path: string; readonly protocol: Protocol },
    onOpen: () => void,
    onBody?: (bytes: Buffer) => void,
  ) {
    this.#dialect = dialects[address.protocol];
    this.#onOpen = onOpen;
    this.#onBody = onBody;
    // What Node gives to this callback it does not read ahead; false stops it.
    const callback = (length: number): boolean => this.#take(room.subarray(0, length));
    this.#socket = connect({ port: address.port, host: '127.0.0.1', onread: { buffer: room, callback } });
    // An end is seen as events that are missing.
    this.#socket.on('error', () => {});
    this.#socket.write(this.#dialect.request(address.path));
  }

  /** Leaves without a word, and without an address that stays taken. */
  cut(): void {
    this.#socket.resetAndDestroy();
  }

  #take(bytes: Buffer): boolean {
    const { greeting, ping } = this.#dialect;
    if (this.#greeted < greeting.length) {
      const body = this.#greet(bytes);
      if (body !== undefined) this.#onBody?.(body);
      return body === undefined || this.#onBody !== undefined;
    }
    // One that two reads share is missed, which shows as events that are missing.
    if (ping !== undefined && bytes.includes(ping.hears)) this.#socket.write(ping.says);
    this.#onBody?.(bytes);
    return true;
  }

  /** What comes after the greeting, when that is over. */
  #greet(bytes: Buffer): Buffer | undefined {
    this.#heard += bytes.toString('latin1');
    if (this.#greeted === 0 && refusal.test(this.#heard)) throw new Error(`Refused: ${this.#heard.slice(0, 200)}`);
    const { greeting } = this.#dialect;
    for (const { hears, says } of greeting.slice(this.#greeted)) {
      const at = this.#heard.indexOf(hears);
      if (at === -1) return undefined;
      this.#heard = this.#heard.slice(at + hears.length);
      this.#greeted += 1;
      if (says !== undefined) this.#socket.write(says);
    }
    const rest = Buffer.from(this.#heard, 'latin1');
    this.#heard = '';
    this.#onOpen();
    return rest;
  }
}
