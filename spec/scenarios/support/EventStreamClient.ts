import { connect, type Socket } from 'node:net';
import { ChunkedBody } from './ChunkedBody.ts';
import { throttled } from './throttled.ts';

/** Unthrottled clients read into this one: what is in it is used before the next read. */
const room = Buffer.alloc(64 * 1024);

export interface EventStreamClientOptions {
  readonly port: number;
  readonly path: string;
  /** What it comes back with. */
  readonly lastEventId?: string | undefined;
  /** Takes what comes of the body, without its coding. */
  readonly onBody: (bytes: Buffer) => void;
  /** How fast it reads. @defaultValue as fast as it can */
  readonly bytesPerSecond?: number;
}

/** A client of `text/event-stream` over HTTP/1.1: a raw socket, which can stop reading, and leave in several ways. */
export class EventStreamClient {
  /** Answered with 200. */
  readonly opened: Promise<void>;
  readonly closed: Promise<void>;
  readonly socket: Socket;
  readonly #body: ChunkedBody;
  /** Told how much was read, where that is bounded. */
  #hasRead: ((bytes: number) => void) | undefined;
  #head: string | undefined = '';
  #open: () => void = () => {};
  #fail: (error: Error) => void = () => {};

  constructor({ port, path, lastEventId, onBody, bytesPerSecond }: EventStreamClientOptions) {
    this.#body = new ChunkedBody(onBody);
    this.opened = new Promise((resolve, reject) => {
      this.#open = resolve;
      this.#fail = reject;
    });
    this.opened.catch(() => {});
    const buffer =
      bytesPerSecond === undefined ? room : Buffer.alloc(Math.max(1024, Math.min(bytesPerSecond / 50, 65536)));
    const callback = (length: number): boolean => {
      this.#take(buffer.subarray(0, length));
      this.#hasRead?.(length);
      return true;
    };
    this.socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback } });
    this.#hasRead = bytesPerSecond === undefined ? undefined : throttled(this.socket, bytesPerSecond);
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        resolve();
        this.#fail(new Error(`Closed before it was answered, after ${JSON.stringify(this.#head)}`));
      });
    });
    const position = lastEventId === undefined ? '' : `Last-Event-ID: ${lastEventId}\r\n`;
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n${position}\r\n`);
  }

  /** Whether the body came to its proper end. */
  get ended(): boolean {
    return this.#body.ended;
  }

  pause(): void {
    this.socket.pause();
  }

  /** Reads on, as fast as it can. */
  resume(): void {
    this.#hasRead = undefined;
    this.socket.resume();
  }

  /** Cuts the connection, without an address that stays taken. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  #take(bytes: Buffer): void {
    if (this.#head === undefined) {
      this.#body.write(bytes);
      return;
    }
    const before = this.#head.length;
    this.#head += bytes.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end === -1) return;
    if (!this.#head.startsWith('HTTP/1.1 200 ')) this.#fail(new Error(`Refused: ${this.#head.slice(0, 200)}`));
    this.#head = undefined;
    this.#open();
    this.#body.write(bytes.subarray(end + 4 - before));
  }
}
