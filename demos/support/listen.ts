import { Server as HttpServer } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Server as TlsServer } from 'node:tls';
import { drain, gate } from 'tornadose';

type Server = HttpServer | Http2Server | Http2SecureServer;

/** A framework's application, which has a way of its own to listen and to close. */
interface Application {
  readonly server: Server;
  listen(at: { readonly port: number; readonly host: string }): Promise<unknown>;
  close(): Promise<unknown>;
}

const leaving: (() => Promise<unknown>)[] = [];

/** Has something done on SIGTERM when all clients are gone, before the process exits: what it holds is given back. */
export function onLeaving(leave: () => Promise<unknown>): void {
  leaving.push(leave);
}

/**
 * Listens on `PORT` (9000 unless it is set; 0 takes a free one) of this machine, or of the address in `HOST`, says
 * where, ends at once on Ctrl-C, and drains on SIGTERM. `paths` are those to try with curl.
 */
export function listen(app: Application, name: string, ...paths: string[]): void;
export function listen(server: Server, name: string, ...paths: string[]): void;
export function listen(what: Server | Application, name: string, ...paths: string[]): void {
  const server = 'server' in what ? what.server : what;
  const { PORT = '9000', HOST = '127.0.0.1' } = process.env;
  const port = Number(PORT);
  if (PORT.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535)
    fail(`Expected PORT to be an integer from 0 to 65535, got '${PORT}'.`);
  server.once('error', (error: NodeJS.ErrnoException) => {
    fail(
      error.code === 'EADDRINUSE'
        ? `Port ${port} is in use by another program. Set PORT to another one, for example PORT=${port === 65_535 ? 9000 : port + 1}.`
        : `Cannot listen on ${HOST} port ${port}: ${error.message}`,
    );
  });
  server.once('listening', () => {
    const isTls = server instanceof TlsServer;
    const url = `${isTls ? 'https' : 'http'}://localhost:${(server.address() as AddressInfo).port}`;
    console.log(`${name} is on ${url}`);
    // Without TLS, curl has to be told that the server speaks HTTP/2 alone.
    const option = isTls ? ' -k' : server instanceof HttpServer ? '' : ' --http2-prior-knowledge';
    for (const path of paths) console.log(`  curl -N${option} ${url}${path}`);
  });
  if ('server' in what) void what.listen({ port, host: HOST });
  else what.listen(port, HOST);
  gate.watch(server);
  process.once('SIGINT', () => process.exit());
  // A deploy: no new connections, and those that are open are told when to come back.
  let isLeaving = false;
  process.on('SIGTERM', () => {
    // npm and supervisors send it more than once.
    if (!isLeaving) void leave(what);
    isLeaving = true;
  });
}

async function leave(what: Server | Application): Promise<void> {
  const closed = close(what);
  await drain({ over: 1_000 });
  // The last bytes of a web response are still on their way; a request that is nobody's stream may take for ever.
  await Promise.race([Promise.allSettled([closed, ...leaving.map((last) => last())]), setTimeout(2_000)]);
  process.exit();
}

async function close(what: Server | Application): Promise<void> {
  if ('server' in what) await what.close();
  else await new Promise((done) => what.close(done));
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
