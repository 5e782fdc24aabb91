import { once } from 'node:events';
import { WebSocket } from 'ws';
import { throttled } from './throttled.ts';

export interface WebSocketClientOptions {
  readonly port: number;
  readonly path: string;
  /** Takes the `data` of each message. */
  readonly onData: (data: string) => void;
  /** How fast it reads. @defaultValue as fast as it can */
  readonly bytesPerSecond?: number;
}

/** A client of `toWebSocket`, on the ws package. */
export class WebSocketClient {
  readonly opened: Promise<unknown>;
  /** The code that it was closed with: 1006 when there was none. */
  readonly closed: Promise<number>;
  /** What was said beside the code. */
  reason = '';
  readonly #ws: WebSocket;

  constructor({ port, path, onData, bytesPerSecond }: WebSocketClientOptions) {
    const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
    this.#ws = ws;
    ws.on('error', () => {});
    this.opened = once(ws, 'open');
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) =>
      ws.on('close', (code, reason) => {
        this.reason = String(reason);
        resolve(code);
      }),
    );
    const hasRead = bytesPerSecond === undefined ? undefined : throttled(ws, bytesPerSecond);
    ws.on('message', (message: Buffer) => {
      onData((JSON.parse(message.toString()) as { data: string }).data);
      hasRead?.(message.length);
    });
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  /** Leaves with a close frame. */
  close(): void {
    this.#ws.close();
  }

  /** Leaves without a close frame. */
  terminate(): void {
    this.#ws.terminate();
  }
}
