import type { IncomingMessage, Server } from 'node:http';
import { startWith } from 'rxjs';
import { QueueStore, toWebSocket } from 'tornadose';
import { WebSocketServer } from 'ws';
import { sameHost } from './sameHost.ts';

export interface Line {
  readonly from: string;
  readonly text: string;
  /** Whether it is the gallery's own notice. */
  readonly notice: boolean;
}

/** What is said, by everybody. */
export const chat: QueueStore<Line> = new QueueStore<Line>();

const recent: Line[] = [];
chat.subscribe((line) => {
  recent.push(line);
  if (recent.length > 20) recent.shift();
});

/** Takes WebSockets on `/chat`: what a client sends is text, and what it gets are lines. */
export function serveChat(server: Server): void {
  const verifyClient = ({ req }: { req: IncomingMessage }): boolean => sameHost(req);
  const sockets = new WebSocketServer({ server, path: '/chat', maxPayload: 1000, verifyClient });
  // `ws` passes the server's errors on, and they are the server's to report.
  sockets.on('error', () => {});
  sockets.on('connection', (ws) => {
    const from = newName();
    void chat.pipe(startWith(...recent), toWebSocket(ws));
    chat.next({ from, text: 'joined', notice: true });
    ws.on('message', (data) => {
      const text = data.toString().trim();
      if (text !== '') chat.next({ from, text, notice: false });
    });
    ws.on('close', () => chat.next({ from, text: 'left', notice: true }));
  });
}

const adjectives = ['Quiet', 'Swift', 'Gentle', 'Bright', 'Calm', 'Bold', 'Merry', 'Clever'];
const animals = ['Heron', 'Otter', 'Lynx', 'Finch', 'Badger', 'Marten', 'Swallow', 'Hare'];

function newName(): string {
  return `${oneOf(adjectives)} ${oneOf(animals)}`;
}

function oneOf(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] as string;
}
