import type { Observable } from 'rxjs';
import {
  type BackpressureOperator,
  type ConnectionEvent,
  type Encoder,
  type Gap,
  type Message,
  toSink,
} from 'tornadose';
import { until } from '../redis/support/until.ts';
import { FakeTransport } from './FakeTransport.ts';

/** What came over the wire for one message. */
export interface Line {
  readonly id?: string;
  readonly event?: string;
  readonly data: unknown;
}

/** JSON lines. */
export const lines: Encoder = {
  name: 'lines',
  encode: (message) => `${JSON.stringify(message)}\n`,
  heartbeat: '~\n',
};

const leaving: LogClient[] = [];

/** A client of a log: what it got, and what it would come back with. */
export class LogClient {
  readonly transport: FakeTransport;
  readonly events: ConnectionEvent[] = [];
  readonly #came: string | undefined;

  /** `came` is the position that it came with, and would come back with if it got nothing. */
  constructor(
    source: Observable<Message | Gap>,
    { transport = new FakeTransport(), heartbeat = false, came, backpressure }: LogClientOptions = {},
  ) {
    this.transport = transport;
    this.#came = came;
    leaving.push(this);
    source.pipe(toSink(transport, lines, { heartbeat, backpressure })).subscribe((event) => this.events.push(event));
  }

  get received(): Line[] {
    const all = this.transport.written.join('').split('\n');
    return all.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  /** What came but for positions. */
  get messages(): Line[] {
    return this.received.filter(({ event }) => event !== 'position');
  }

  /** The data of what came without an event's name. */
  get data(): unknown[] {
    return this.received.filter(({ event }) => event === undefined).map(({ data }) => data);
  }

  /** The reasons of the gaps that it was told. */
  get gaps(): unknown[] {
    const gaps = this.received.filter(({ event }) => event === 'gap');
    return gaps.map(({ data }) => (data as { reason: string }).reason);
  }

  /** What it would come back with. */
  get lastId(): string | undefined {
    return this.received.findLast(({ id }) => id !== undefined)?.id ?? this.#came;
  }

  leave(): void {
    this.transport.leave();
  }
}

export interface LogClientOptions {
  readonly transport?: FakeTransport;
  readonly heartbeat?: number | false;
  readonly came?: string | undefined;
  readonly backpressure?: BackpressureOperator<Message | Gap> | undefined;
}

/** A client that is there, and knows where it stands. */
export async function joined(
  log: { since(): Observable<Message | Gap> },
  options?: LogClientOptions,
): Promise<LogClient> {
  const client = new LogClient(log.since(), options);
  await until(() => client.lastId !== undefined);
  return client;
}

/** Has all of them leave. For `afterEach`. */
export function allLogClientsLeave(): void {
  for (const client of leaving.splice(0)) client.leave();
}
