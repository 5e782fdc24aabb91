import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';

/** An HTTP/2 connection of a client, in clear text. */
export class EventStreamSession {
  readonly session: ClientHttp2Session;
  readonly closed: Promise<void>;

  constructor(port: number) {
    this.session = http2.connect(`http://127.0.0.1:${port}`);
    this.session.on('error', () => {});
    this.closed = new Promise((resolve) => this.session.on('close', resolve));
  }

  get isOpen(): boolean {
    return !this.session.destroyed && !this.session.closed;
  }

  /** Asks for one more stream. It stops reading when it is paused, as its window is its own. */
  request(path: string, onBody: (bytes: Buffer) => void): ClientHttp2Stream {
    const stream = this.session.request({ ':path': path, accept: 'text/event-stream' });
    stream.on('error', () => {});
    stream.on('data', onBody);
    return stream;
  }

  /** Asks for one more stream, and waits until it is answered. */
  async open(path: string, onBody: (bytes: Buffer) => void): Promise<ClientHttp2Stream> {
    const stream = this.request(path, onBody);
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    if (headers[':status'] !== 200) throw new Error(`Refused: ${headers[':status']}`);
    return stream;
  }

  end(): void {
    this.session.destroy();
  }
}
