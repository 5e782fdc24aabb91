import { rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let made = 0;
const paths = new Set<string>();
process.once('exit', () => {
  for (const path of paths) rmSync(path, { force: true });
});

/**
 * A server on a socket of this machine's own (a Unix socket, a named pipe on Windows), for showing slow clients: the
 * kernel keeps about 200 KB for such a socket, and several MB for TCP to the same machine, which would hide for a
 * minute that a client is slow. Returns its path, and what closes it.
 */
export function narrowServer(listener: RequestListener): { path: string; close(): void } {
  made += 1;
  const name = `tornadose-${process.pid}-${made}`;
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
  rmSync(path, { force: true });
  const server = createServer(listener).listen(path);
  paths.add(path);
  return {
    path,
    close() {
      server.close();
      server.closeAllConnections();
      paths.delete(path);
    },
  };
}
