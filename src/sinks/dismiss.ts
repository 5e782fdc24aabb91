import { unref } from '../unref.ts';

/** What is needed of a socket for that. */
export interface DismissedSocket {
  close(code: number, reason: string): void;
  terminate(): void;
  pause?(): void;
}

/** How many ms a client has to take the close frame. */
const patience = 1000;

/** Closes a WebSocket of a client that is not to be listened to any more, and does not wait for its answer as long as ws does. */
export function dismiss(ws: DismissedSocket, code: number, reason: string): void {
  ws.close(code, reason);
  // Nothing more is read, not even its answer.
  ws.pause?.();
  unref(setTimeout(() => ws.terminate(), patience));
}
