import type { Context } from '../Scenario.ts';
import type { Ports } from '../server/doors.ts';
import { EventStreamClient } from './EventStreamClient.ts';
import { EventStreamSession } from './EventStreamSession.ts';
import { eventReader } from './eventReader.ts';
import { WebSocketClient } from './WebSocketClient.ts';

/** The ways to a server. */
const doors = ['http1', 'http2', 'webSocket'] as const;
type Door = (typeof doors)[number];

/** A client that writes down what it gets. */
export class Listener {
  readonly door: Door;
  /** The data of each event, but for that of the end. */
  readonly data: string[] = [];
  /** All of it, as it came. */
  text = '';
  /** How it ended, as far as one is told. */
  fate: 'complete' | 'broken' | undefined;
  leave: () => void = () => {};
  /** Whether the event came that says that the source has completed. */
  #completed = false;
  readonly #read = eventReader((data, event) => {
    if (event === 'end') this.#completed = true;
    else this.data.push(data);
  });

  private constructor(door: Door) {
    this.door = door;
  }

  /** One that has been answered. */
  static async join(context: Context, ports: Ports, door: Door, path: string): Promise<Listener> {
    const listener = new Listener(door);
    context.defer(() => listener.leave());
    if (door === 'http1') await listener.#http1(ports, path);
    else if (door === 'http2') await listener.#http2(ports, path);
    else await listener.#webSocket(ports, path);
    return listener;
  }

  /** So many that have been answered, by each of the doors in turn. */
  static joinAll(context: Context, ports: Ports, count: number): Promise<Listener[]> {
    const doorOf = (n: number): Door => doors[n % doors.length] as Door;
    return Promise.all(Array.from({ length: count }, (_, n) => Listener.join(context, ports, doorOf(n), '/')));
  }

  async #http1({ http1: port }: Ports, path: string): Promise<void> {
    const client: EventStreamClient = new EventStreamClient({
      ...{ port, path },
      onBody: (bytes) => {
        this.#take(bytes);
        // What follows the last event is the end of the body, and then the connection is the next request's.
        if (this.#completed) setImmediate(() => client.ended && this.#ended('complete'));
      },
    });
    client.socket.on('close', () => this.#ended('broken'));
    this.leave = () => client.reset();
    await client.opened;
  }

  async #http2({ http2: port }: Ports, path: string): Promise<void> {
    const session = new EventStreamSession(port);
    this.leave = () => session.end();
    const stream = await session.open(path, (bytes) => this.#take(bytes));
    stream.on('close', () => this.#ended(stream.rstCode === 0 && this.#completed ? 'complete' : 'broken'));
  }

  async #webSocket({ http1: port }: Ports, path: string): Promise<void> {
    const onData = (data: unknown): void => {
      this.data.push(String(data));
      this.text += `${data}\n`;
    };
    const client = new WebSocketClient({ port, path, onData });
    this.leave = () => client.terminate();
    client.closed.then((code) => this.#ended(code === 1000 ? 'complete' : 'broken'));
    await client.opened;
  }

  #take(bytes: Buffer): void {
    this.text += bytes.toString('latin1');
    this.#read(bytes);
  }

  #ended(fate: 'complete' | 'broken'): void {
    this.fate ??= fate;
  }
}
