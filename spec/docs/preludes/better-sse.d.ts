// What docs/from-better-sse.md uses of better-sse 0.16, which is not installed here.
declare module 'better-sse' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface Session {
    push(data: unknown, eventName?: string, eventId?: string): this;
  }

  interface Channel {
    register(session: Session): this;
    broadcast(data: unknown, eventName?: string, options?: { eventId?: string }): this;
  }

  export function createSession(req: IncomingMessage, res: ServerResponse): Promise<Session>;
  export function createChannel(): Channel;
}
