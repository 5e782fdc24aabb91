import type { Observable, UnaryFunction } from 'rxjs';
import { type ConnectionEvent, type Encoder, toSink } from 'tornadose';
import { FakeTransport } from './FakeTransport.ts';

/** JSON lines, and how often something was encoded. */
export const countingEncoder = (): Encoder & { count: number } => ({
  name: 'counting',
  count: 0,
  encode({ data }) {
    this.count += 1;
    return `${JSON.stringify(data)}\n`;
  },
});

/** One client: what it got, and what was told of it. */
export interface Client {
  readonly text: string;
  readonly events: readonly ConnectionEvent[];
}

type Pipe<T> = UnaryFunction<Observable<T>, Observable<unknown>>;

const joined: FakeTransport[] = [];

/** Connects a client of the encoder. */
export function join(source: Observable<unknown>, encoder: Encoder): Client {
  const transport = new FakeTransport();
  joined.push(transport);
  const events: ConnectionEvent[] = [];
  source.pipe(toSink(transport, encoder, { heartbeat: false })).subscribe((event) => events.push(event));
  return {
    events,
    get text() {
      return transport.written.join('');
    },
  };
}

/** Connects clients of one encoder, each with operators of its own. */
export function clients<T, E extends Encoder>(
  source: Observable<T>,
  count: number,
  encoder: E,
  operators: (index: number) => Pipe<T> = () => (same) => same,
): Client[] {
  return Array.from({ length: count }, (_, index) => join(operators(index)(source), encoder));
}

/** Has all of them leave. For `afterEach`. */
export function allLeave(): void {
  for (const transport of joined.splice(0)) transport.leave();
}
