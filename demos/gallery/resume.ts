import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Observable } from 'rxjs';
import { type Log, lastEventId, toEventSource, toWebSocket } from 'tornadose';
import type { WebSocket } from 'ws';
import { counterLog } from '../support/counterLog.ts';
import { cuttable } from '../support/cuts.ts';

/** Five numbers a second. */
export const counter: Log<number> & Observable<number> = await counterLog();

/** The numbers to an EventSource that may be cut, from where it was. */
export function streamCounter(req: IncomingMessage, res: ServerResponse, retry: number): void {
  cuttable(req);
  void counter.since(lastEventId(req)).pipe(toEventSource(res, { retry }));
}

/** The numbers to a WebSocket that may be cut, from where it was. */
export function counterSocket(ws: WebSocket, req: IncomingMessage): void {
  cuttable(req);
  void counter.since(lastEventId(req)).pipe(toWebSocket(ws));
}
