import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import { createParser } from 'eventsource-parser';
import { WebSocket } from 'ws';
import { openOverHttp1, openOverHttp2 } from '../../support/openStream.ts';
import { pathOf } from '../../support/programs.ts';
import { EventLog } from './EventLog.ts';
import { now, seqOf, timeOf } from './marks.ts';

/** Of a connection, which HTTP/2 does not have (RFC 9113, section 8.2.2). */
const connectionHeaders = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'];

/** A client of one of the ways to the server, and what it got. */
export class ProxiedClient {
  readonly log: EventLog = new EventLog();
  /** The longest time that an event took from its publishing, in ms. */
  slowest = 0;
  isOpen = true;
  encoding: string | undefined;
  connectionHeaders = 0;
  leave: () => void = () => {};
  // nghttp prints lines of its own between the events, which are no fields of one.
  readonly #parser = createParser({ onEvent: ({ data }) => this.#take(data) });
  readonly #decoder = new StringDecoder();
  readonly #read = (bytes: Buffer): void => this.#parser.feed(this.#decoder.write(bytes));

  /** Events over HTTP/1.1. */
  static async http1(port: number, path: string): Promise<ProxiedClient> {
    const client = new ProxiedClient();
    const { headers, body, closed, leave } = await openOverHttp1({ port, path });
    client.encoding = headers['content-encoding'];
    body.on('data', client.#read);
    client.#open(closed, leave);
    return client;
  }

  /** Events over HTTP/2, of Node's own. */
  static async http2(port: number, path: string, scheme: 'http' | 'https'): Promise<ProxiedClient> {
    const client = new ProxiedClient();
    const { headers, body, closed, leave } = await openOverHttp2({ port, path, scheme });
    client.encoding = headers['content-encoding'];
    client.#countHeaders(Object.keys(headers));
    body.on('data', client.#read);
    client.#open(closed, leave);
    return client;
  }

  /** Events over HTTP/2, read by nghttp. */
  static async nghttp(url: string): Promise<ProxiedClient> {
    const client = new ProxiedClient();
    // Without -v it prints nothing before the end.
    const child = spawn(pathOf('nghttp'), ['-v', '--no-verify-peer', '--timeout=0', url], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exit = once(child, 'exit');
    let head: string | undefined = '';
    await new Promise<void>((resolve, reject) => {
      void exit.then(() => reject(new Error(`nghttp ended after ${head}`)));
      child.stdout.on('data', (bytes: Buffer) => {
        client.#read(bytes);
        if (head === undefined) return;
        head += bytes.toString('latin1');
        const end = head.indexOf('; First response header');
        if (end === -1) return;
        const headers = Array.from(head.matchAll(/recv \(stream_id=\d+\) ([^:]+): (.*)/g), ([, ...each]) => each);
        client.encoding = headers.find(([name]) => name === 'content-encoding')?.[1];
        client.#countHeaders(headers.map(([name = '']) => name));
        head = undefined;
        resolve();
      });
    });
    client.#open(exit, () => child.kill('SIGKILL'));
    return client;
  }

  static async webSocket(port: number, path: string): Promise<ProxiedClient> {
    const client = new ProxiedClient();
    const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    ws.on('error', () => {});
    ws.on('message', (message: Buffer) => client.#take((JSON.parse(message.toString()) as { data: string }).data));
    const closed = new Promise((resolve) => ws.on('close', resolve));
    await once(ws, 'open');
    client.#open(closed, () => ws.terminate());
    return client;
  }

  #open(closed: Promise<unknown>, leave: () => void): void {
    this.leave = leave;
    void closed.then(() => {
      this.isOpen = false;
    });
  }

  /** An event, when all of it is there. */
  #take(data: string): void {
    this.log.take(seqOf(data));
    this.slowest = Math.max(this.slowest, (now() - timeOf(data)) / 1000);
  }

  #countHeaders(names: readonly string[]): void {
    this.connectionHeaders = names.filter((name) => connectionHeaders.includes(name.toLowerCase())).length;
  }
}
