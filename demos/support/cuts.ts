import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

const sockets = new Map<string, Socket>();

/** Takes note of a connection by the name that the page has made up for it: `?client=…`. */
export function cuttable(req: IncomingMessage): void {
  const { socket } = req;
  const client = clientOf(req);
  if (client === undefined) return;
  sockets.set(client, socket);
  socket.once('close', () => {
    if (sockets.get(client) === socket) sockets.delete(client);
  });
}

/** Breaks the connection of that name, as a lost network does: with no end, and what is on its way lost. */
export function cut(req: IncomingMessage): void {
  sockets.get(clientOf(req) ?? '')?.resetAndDestroy();
}

function clientOf(req: IncomingMessage): string | undefined {
  return new URLSearchParams(req.url?.split('?')[1]).get('client') ?? undefined;
}
