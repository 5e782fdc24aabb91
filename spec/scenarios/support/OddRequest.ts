import http from 'node:http';
import http2 from 'node:http2';
import type { Readable } from 'node:stream';
import type { Context } from '../Scenario.ts';
import type { Ports } from '../server/doors.ts';
import { eventReader } from './eventReader.ts';

export interface OddRequestOptions {
  readonly ports: Ports;
  readonly door: 'http1' | 'http2';
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly path: string;
}

const body = JSON.stringify({ topic: 'all' });
const bodyHeaders = { 'content-type': 'application/json', 'content-length': body.length };

/** A request of any method, on a connection of its own, with whatever comes of it. */
export class OddRequest {
  status: number | undefined;
  type: unknown;
  readonly data: string[] = [];
  /** How many bytes of a body there were. */
  bytes = 0;
  /** The answer, or the connection, is over. */
  over = false;
  /** The head of the answer has come, or never will. */
  readonly answered: Promise<void>;
  leave: () => void = () => {};
  #answer: () => void = () => {};

  constructor(context: Context, { ports, door, method, path }: OddRequestOptions) {
    this.answered = new Promise((resolve) => {
      this.#answer = resolve;
    });
    const headers = method === 'POST' ? bodyHeaders : {};
    if (door === 'http1') this.#http1(ports.http1, method, encodeURI(path), headers);
    else this.#http2(ports.http2, { ':method': method, ':path': encodeURI(path), ...headers });
    context.defer(() => this.leave());
  }

  #http1(port: number, method: string, path: string, headers: http.OutgoingHttpHeaders): void {
    const request = http.request({ port, host: '127.0.0.1', agent: false, method, path, headers });
    this.leave = () => request.destroy();
    request.on('error', () => this.#ended());
    request.on('close', () => this.#ended());
    request.on('response', (response) => this.#read(response.statusCode, response.headers['content-type'], response));
    request.end(method === 'POST' ? body : undefined);
  }

  #http2(port: number, headers: http2.OutgoingHttpHeaders): void {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    this.leave = () => session.destroy();
    session.on('error', () => this.#ended());
    session.on('close', () => this.#ended());
    const stream = session.request(headers, { endStream: headers[':method'] !== 'POST' });
    stream.on('error', () => this.#ended());
    stream.on('close', () => this.#ended());
    stream.on('response', (head) => this.#read(head[':status'], head['content-type'], stream));
    if (headers[':method'] === 'POST') stream.end(body);
  }

  #read(status: number | undefined, type: unknown, readable: Readable): void {
    this.status = status;
    this.type = type;
    const read = eventReader((data) => this.data.push(data));
    readable.on('error', () => this.#ended());
    readable.on('data', (bytes: Buffer) => {
      this.bytes += bytes.length;
      if (type === 'text/event-stream') read(bytes);
    });
    this.#answer();
  }

  #ended(): void {
    this.over = true;
    this.#answer();
  }
}
