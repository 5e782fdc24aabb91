import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Criterion } from '../Scenario.ts';
import type { Attacked } from './Attacked.ts';
import { ownOrigin } from './ownOrigin.ts';

const origins = [
  ...['https://evil.org', 'null', 'http://example.com', 'https://example.com.evil.org', 'https://example.com@evil.org'],
  // What fills a log, and what a terminal acts on.
  ...['x'.repeat(10_000), '\u009b31m'],
];
const megabyte = 1024 * 1024;
const frames = 100_000;

/** The figures of this attack. */
export type WebSocketFigure =
  | 'bad origins with 403'
  | 'good origin let in'
  | '10 MB with 1009'
  | '100,000 frames with 1008'
  | '100,000 pings cut off';

/** What has to hold. */
export const webSocketCriteria: Readonly<Record<WebSocketFigure, Criterion>> = {
  'bad origins with 403': { exactly: origins.length },
  'good origin let in': { exactly: 1 },
  '10 MB with 1009': { exactly: 1 },
  '100,000 frames with 1008': { exactly: 3 },
  '100,000 pings cut off': { exactly: 1 },
};

/** Opens WebSockets from pages of other sites, and sends too much over others. */
export async function attackWithWebSockets(attacked: Attacked): Promise<Record<WebSocketFigure, number>> {
  const statuses = await Promise.all(origins.map((origin) => statusOf(attacked, origin)));
  const own = await statusOf(attacked, ownOrigin);
  const large = await codeAfter(attacked, (ws) => ws.send(Buffer.alloc(10 * megabyte)));
  const codes: number[] = [];
  for (const send of [
    (ws: WebSocket) => ws.send(''),
    (ws: WebSocket) => ws.pong(),
    // Parts of a message that never ends.
    (ws: WebSocket) => ws.send('x', { fin: false }),
  ])
    codes.push(await codeAfter(attacked, (ws) => flood(ws, send)));
  if (codes.some((code) => code !== 1008)) attacked.context.note(`closed with ${codes.join()}`);
  // ws has a bound of its own for the pongs that it has to send, and cuts the connection there.
  const pinging = await codeAfter(attacked, (ws) => flood(ws, () => ws.ping()));
  return {
    'bad origins with 403': statuses.filter((status) => status === 403).length,
    'good origin let in': own === 101 ? 1 : 0,
    '10 MB with 1009': large === 1009 ? 1 : 0,
    '100,000 frames with 1008': codes.filter((code) => code === 1008).length,
    '100,000 pings cut off': [1006, 1008].includes(pinging) ? 1 : 0,
  };
}

async function statusOf(attacked: Attacked, origin: string): Promise<number | undefined> {
  const ws = webSocket(attacked, origin);
  const opened = new Promise<number>((resolve) => ws.on('open', () => resolve(101)));
  const refused = new Promise<number | undefined>((resolve) =>
    ws.on('unexpected-response', (_req, res) => resolve(res.statusCode)),
  );
  const status = await Promise.race([opened, refused]);
  ws.terminate();
  return status;
}

/** The code that a WebSocket is closed with when it does this. */
async function codeAfter(attacked: Attacked, act: (ws: WebSocket) => unknown): Promise<number> {
  const ws = webSocket(attacked, ownOrigin);
  await once(ws, 'open');
  const closed = new Promise<number>((resolve) => ws.on('close', resolve));
  await act(ws);
  return closed;
}

async function flood(ws: WebSocket, send: (ws: WebSocket) => void): Promise<void> {
  for (let n = 0; n < frames && ws.readyState === ws.OPEN; n += 1) {
    // It reads as well, or it would not see why it was closed.
    if (n % 500 === 499) await turn();
    send(ws);
  }
}

function webSocket({ context, ports }: Attacked, origin: string): WebSocket {
  const ws = new WebSocket(`ws://127.0.0.1:${ports.http1}/memory`, { origin, perMessageDeflate: false });
  ws.on('error', () => {});
  context.defer(() => ws.terminate());
  return ws;
}
