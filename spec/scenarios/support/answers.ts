import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { Context } from '../Scenario.ts';
import type { EventStreamSession } from './EventStreamSession.ts';

/** What somebody is told who asks for a stream. */
export interface Answer {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
}

/** Asks over HTTP/1.1, for a WebSocket too, on a connection of its own, and leaves with the head of the answer. */
export async function answerOverHttp1(
  context: Context,
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const req = get({ port, host: '127.0.0.1', path, headers, agent: false });
  context.defer(() => req.destroy());
  const [res] = (await Promise.race([once(req, 'response'), once(req, 'upgrade')])) as [IncomingMessage];
  req.on('error', () => {}).destroy();
  return { status: res.statusCode, retryAfter: res.headers['retry-after'] };
}

/** Asks for one more stream of an HTTP/2 session. */
export async function answerOverHttp2(session: EventStreamSession, path: string): Promise<Answer> {
  const [headers] = await once(
    session.request(path, () => {}),
    'response',
  );
  return { status: headers[':status'], retryAfter: headers['retry-after'] };
}
