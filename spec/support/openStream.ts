import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** An answer that goes on, as a browser has it: it would take a compressed one. */
export interface OpenStream {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Its text, decompressed as far as it has come. */
  readonly body: Readable;
  /** Settled when the answer is over, whoever has ended it. */
  readonly closed: Promise<unknown>;
  leave(): void;
}

export interface StreamRequest {
  readonly port: number;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const decoders = { gzip: createGunzip, br: createBrotliDecompress, deflate: createInflate };
const accepted = { accept: 'text/event-stream', 'accept-encoding': 'gzip, deflate, br' };

/** Asks over HTTP/1.1, on a connection of its own. */
export async function openOverHttp1({ port, path = '/', headers = {} }: StreamRequest): Promise<OpenStream> {
  const request = http.get({ host: '127.0.0.1', port, path, headers: { ...accepted, ...headers }, agent: false });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return opened(answer.statusCode, answer.headers, answer, () => request.destroy());
}

/** Asks over HTTP/2, in clear text or over TLS, on a connection of its own. */
export async function openOverHttp2({
  port,
  path = '/',
  headers = {},
  scheme = 'https',
}: StreamRequest & { readonly scheme?: 'http' | 'https' }): Promise<OpenStream> {
  // The certificate is one that nobody has signed.
  const session = http2.connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on('error', () => {});
  const stream = session.request({ ':path': path, ...accepted, ...headers });
  const [{ ':status': status, ...answer }] = await once(stream, 'response');
  return opened(status, answer, stream, () => session.destroy());
}

function opened(
  status: number | undefined,
  headers: IncomingHttpHeaders,
  answer: Readable,
  leave: () => void,
): OpenStream {
  // One that is broken off is closed as well, which is all that matters here.
  answer.on('error', () => {});
  const closed = new Promise((resolve) => answer.on('close', resolve));
  const decoder = decoders[headers['content-encoding'] as keyof typeof decoders]?.();
  decoder?.on('error', () => {});
  return { status, headers, body: decoder === undefined ? answer : answer.pipe(decoder), closed, leave };
}

/** Reads on until it holds `part`, and gives what there was. */
export async function readStream({ body }: Pick<OpenStream, 'body'>, part: string): Promise<string> {
  let text = '';
  while (!text.includes(part)) {
    const chunk = body.read();
    if (chunk !== null) text += chunk;
    else if (body.readableEnded || body.destroyed) throw new Error(`It ended after ${JSON.stringify(text)}`);
    else await once(body, 'readable');
  }
  return text;
}
