import type { Server } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { listen } from './listen.ts';
import { sessionsOf } from './sessionsOf.ts';

/** A server that listens on a free port of this machine, and is closed in the way of its framework or of Node. */
export interface Host {
  readonly url: string;
  /** Resolves when it has closed, which waits for what is open. */
  close(): Promise<unknown>;
}

/** Has a server of Node listen. It is the caller's to close. */
export async function host(server: Server): Promise<Host> {
  const sessions = sessionsOf(server);
  const port = await listen(server);
  return {
    url: `${server instanceof TlsServer ? 'https' : 'http'}://127.0.0.1:${port}`,
    close() {
      // Node waits for sessions, which a client keeps when its streams have ended.
      for (const session of sessions) session.close();
      return new Promise((done) => server.close(done));
    },
  };
}
