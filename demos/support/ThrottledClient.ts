import { connect, type Socket } from 'node:net';

/** How often a slow client reads a little, in ms. */
const pause = 50;

/**
 * A client of an event stream that reads only so many bytes a second, as a phone in a tunnel does: a real connection,
 * read straight from the socket, since a client library would read ahead. It comes back a second after an end.
 */
export class ThrottledClient {
  readonly #path: string;
  readonly #onData: (data: string) => void;
  /** Bytes for each turn. */
  readonly #portion: number;
  readonly #timer: NodeJS.Timeout;
  #socket: Socket | undefined;
  #unread = '';
  #returnsAt = 0;

  /** `path` is that of a Unix socket. `bytesPerSecond` may be Infinity. `onData` gets the data of each event. */
  constructor(path: string, bytesPerSecond: number, onData: (data: string) => void) {
    this.#path = path;
    this.#onData = onData;
    this.#portion = Math.ceil((bytesPerSecond * pause) / 1000);
    this.#timer = setInterval(() => this.#turn(), pause);
  }

  get connected(): boolean {
    return this.#socket !== undefined;
  }

  /** Reads on, but does not come back after the end. */
  stayAway(): void {
    this.#returnsAt = Number.POSITIVE_INFINITY;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket?.destroy();
  }

  #turn(): void {
    if (this.#socket !== undefined) this.#read(this.#socket);
    else if (performance.now() >= this.#returnsAt) this.#connect();
  }

  #connect(): void {
    const socket = connect(this.#path);
    this.#socket = socket;
    this.#unread = '';
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#socket = undefined;
      this.#returnsAt = Math.max(this.#returnsAt, performance.now() + 1000);
    });
    // HTTP/1.0, so that the body comes as it is and not in chunks.
    socket.write('GET / HTTP/1.0\r\n\r\n');
    // With a listener for `readable` the socket waits to be read.
    socket.on('readable', () => {
      if (this.#portion === Number.POSITIVE_INFINITY) this.#read(socket);
    });
    // The end is only seen by those who read up to it.
    socket.once('end', () => socket.destroy());
  }

  #read(socket: Socket): void {
    const bytes: Buffer | null = socket.read(Math.min(this.#portion, socket.readableLength));
    if (bytes === null) return;
    const events = (this.#unread + bytes.toString('latin1')).split('\n\n');
    this.#unread = events.pop() as string;
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) this.#onData(data);
    }
  }
}
