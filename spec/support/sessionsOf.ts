import type { ServerHttp2Session } from 'node:http2';
import type { Server } from 'node:net';

/** The HTTP/2 sessions of a server that are open: Node has no list of them, and waits for each when the server closes. */
export function sessionsOf(server: Server): ReadonlySet<ServerHttp2Session> {
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  return sessions;
}
