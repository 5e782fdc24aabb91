import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drain } from 'tornadose';

/**
 * Listens on `PORT` (9000 unless it is set; 0 takes a free one) of this machine, or of the address in `HOST`, says
 * where, ends at once on Ctrl-C, and drains on SIGTERM. `paths` are those to try with curl.
 */
export function listen(server: Server, name: string, ...paths: string[]): void {
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
  server.listen(port, HOST, () => {
    const url = `http://localhost:${(server.address() as AddressInfo).port}`;
    console.log(`${name} is on ${url}`);
    for (const path of paths) console.log(`  curl -N ${url}${path}`);
  });
  process.once('SIGINT', () => process.exit());
  // A deploy: no new connections, and those that are open are told when to come back.
  process.once('SIGTERM', async () => {
    server.close();
    await drain({ over: 2_000 });
    process.exit();
  });
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
