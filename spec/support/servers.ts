import { type EventEmitter, once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import http2, { type Http2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import net from 'node:net';
import { listen } from './listen.ts';
import { sessionsOf } from './sessionsOf.ts';

/** A server of one spec, on a free port of this machine. */
export interface Running {
  readonly port: number;
  readonly url: string;
}

const running: { close(): Promise<void> }[] = [];

/** Serves HTTP/1 until `closeServers`. */
export async function serve(
  handler: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<Running & { server: Server }> {
  const server = createServer(handler);
  const port = await listen(server);
  running.push({
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
  return { server, port, url: `http://127.0.0.1:${port}/` };
}

/** Serves HTTP/2 in clear text until `closeServers`. */
export async function serveHttp2(
  handler: (req: Http2ServerRequest, res: Http2ServerResponse) => void,
): Promise<Running & { server: Http2Server }> {
  const server = http2.createServer(handler);
  const sessions = sessionsOf(server);
  const port = await listen(server);
  running.push({
    async close() {
      for (const session of sessions) session.destroy();
      await new Promise((done) => server.close(done));
    },
  });
  return { server, port, url: `http://127.0.0.1:${port}/` };
}

/** Closes all that was opened since the last time. For `afterEach`. */
export async function closeServers(): Promise<void> {
  for (const each of running.splice(0).reverse()) await each.close();
}

/** Has something closed by `closeServers`, before what was opened earlier. */
export function closeLater(close: () => unknown): void {
  running.push({ close: async () => void (await close()) });
}

/** A raw connection: what HTTP clients hide (pipelining, HTTP/1.0, not reading) is what it is for. */
export async function connect(port: number, request = ''): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  closeLater(() => socket.destroy());
  await once(socket, 'connect');
  if (request !== '') socket.write(request);
  return socket;
}

/** The head of an answer, whose body goes on until `closeServers`. */
export async function answerOf({ url }: Pick<Running, 'url'>, path = ''): Promise<IncomingMessage> {
  const req = get(url + path);
  req.on('error', () => {});
  closeLater(() => req.destroy());
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return res;
}

/** Resolves when it has closed, be it after an error, with which `once` would reject. */
export function closeOf(emitter: EventEmitter): Promise<unknown> {
  return new Promise((resolve) => emitter.once('close', resolve));
}

/** Reads text until it holds `part`; gives all of it. */
export async function readUntil(socket: net.Socket, part: string, text = ''): Promise<string> {
  socket.setEncoding('utf8');
  let all = text;
  if (all.includes(part)) return all;
  for await (const [chunk] of on(socket)) {
    all += chunk;
    if (all.includes(part)) return all;
  }
  throw new Error(`The connection ended before ${JSON.stringify(part)} came, after ${JSON.stringify(all)}`);
}

async function* on(socket: net.Socket): AsyncGenerator<[string]> {
  const chunks: string[] = [];
  let wake = (): void => {};
  let ended = false;
  const data = (chunk: string): void => {
    chunks.push(chunk);
    wake();
  };
  const end = (): void => {
    ended = true;
    wake();
  };
  socket.on('data', data).on('close', end);
  try {
    for (;;) {
      const chunk = chunks.shift();
      if (chunk !== undefined) yield [chunk];
      else if (ended || socket.destroyed) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    socket.off('data', data).off('close', end);
  }
}
