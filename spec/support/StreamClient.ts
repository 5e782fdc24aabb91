import { once } from 'node:events';
import http, { type IncomingHttpHeaders } from 'node:http';
import http2, { type ClientHttp2Session } from 'node:http2';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { closeLater } from './servers.ts';

/** What is asked for. */
export interface StreamRequest {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** How a server is spoken to. */
export type Protocol = 'HTTP/1.1' | 'HTTP/2';

/** A client of a stream that shows what others hide: what came so far, how it ended, and that it keeps its connection. */
export class StreamClient {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  text = '';
  /** How it ended: `whole`, or broken off. */
  readonly ended: Promise<'whole' | 'broken'>;
  readonly #body: Readable;

  private constructor(status: number, headers: IncomingHttpHeaders, body: Readable) {
    this.status = status;
    this.headers = headers;
    this.#body = body;
    body.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
    });
    body.on('error', () => {});
    this.ended = once(body, 'end').then(
      () => 'whole',
      () => 'broken',
    );
  }

  static open(protocol: Protocol, url: string, request: StreamRequest = {}): Promise<StreamClient> {
    return protocol === 'HTTP/2' ? StreamClient.#openHttp2(url, request) : StreamClient.#openHttp1(url, request);
  }

  static async #openHttp1(url: string, { method = 'GET', body }: StreamRequest): Promise<StreamClient> {
    const { Agent, request } = url.startsWith('https') ? https : http;
    // As a browser does.
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false } as https.AgentOptions);
    closeLater(() => agent.destroy());
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request(url, { method, agent, headers });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(sent, 'response')) as [http.IncomingMessage];
    return new StreamClient(answer.statusCode ?? 0, answer.headers, answer);
  }

  static async #openHttp2(url: string, { method = 'GET', body }: StreamRequest): Promise<StreamClient> {
    const { origin, pathname, search } = new URL(url);
    const session: ClientHttp2Session = http2.connect(origin, { rejectUnauthorized: false });
    session.on('error', () => {});
    closeLater(() => session.destroy());
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const stream = session.request({ ':method': method, ':path': pathname + search, ...headers });
    stream.end(body === undefined ? undefined : JSON.stringify(body));
    const [{ ':status': status = 0, ...fields }] = await once(stream, 'response');
    return new StreamClient(status, fields, stream);
  }

  /** Waits until `part` has come, and gives all that has. */
  async until(part: string): Promise<string> {
    while (!this.text.includes(part)) {
      const next = once(this.#body, 'data').then(() => 'more');
      if ((await Promise.race([next, this.ended])) !== 'more' && !this.text.includes(part))
        throw new Error(`Expected ${JSON.stringify(part)}, got the end after ${JSON.stringify(this.text)}`);
    }
    return this.text;
  }

  /** Goes away, without a word. */
  leave(): void {
    this.#body.destroy();
  }
}
