// A sink on requests and responses in unusual states: read, ended, destroyed, started, closed.
import type { IncomingMessage } from 'node:http';
import type { Observable } from 'rxjs';
import {
  type CloseReason,
  type ConnectionEvent,
  DataStore,
  TornadoseError,
  toEventSource,
  toWebSocket,
} from 'tornadose';
import type { WebSocket } from 'ws';
import { type OpenDoors, openDoors, type Ports } from './doors.ts';
import type { ScenarioServer } from './host.ts';
import { type Req, type Res, races, readings, socketRaces, socketSpendings, spendings } from './states.ts';

/** What came of one attempt to attach a sink. */
export interface Attempt {
  /** What had been done before, or was done in the same tick. */
  readonly state: string;
  /** What `pipe`, or a publish in the same tick, threw. */
  readonly thrown: string | undefined;
  readonly opened: boolean;
  readonly reason: CloseReason | undefined;
  /** Of the error that it was refused with. */
  readonly code: string | undefined;
}

export type AttachmentOrders = {
  /** What is done is in the path: `/read/…` for what is done before, `/spent/…` for what leaves nothing to write to,
   * `/race/…` for what is done in the same tick. */
  open(): Promise<Ports>;
  /** Publishes the next number. */
  publish(): void;
  /** The value that was published last. */
  latest(): number;
  /** All of them. */
  attempts(): readonly Attempt[];
  /** How many requests were heard to which no sink is attached yet. */
  waiting(): number;
  connections(): Promise<number>;
};

const store = new DataStore(0);
const attempts: Attempt[] = [];
let waiting = 0;
let doors: OpenDoors;

const publish = (): void => store.next(store.data + 1);

/** Attaches a sink, does what is to be done in the same tick, and writes down what came of it. */
function attach(state: string, connect: () => Observable<ConnectionEvent>, meanwhile: (() => void) | undefined): void {
  const attempt: { -readonly [Name in keyof Attempt]: Attempt[Name] } = {
    ...{ state, thrown: undefined, opened: false, reason: undefined, code: undefined },
  };
  attempts.push(attempt);
  waiting -= 1;
  try {
    connect().subscribe((event) => {
      if (event.type === 'open') attempt.opened = true;
      if (event.type !== 'close') return;
      attempt.reason = event.reason;
      attempt.code = TornadoseError.is(event.error) ? event.error.code : undefined;
    });
    if (meanwhile === undefined) return;
    publish();
    meanwhile();
    publish();
  } catch (error) {
    attempt.thrown = error instanceof Error ? error.stack : String(error);
  }
}

// Whatever is published second in a tick is written at once, and not when the tick ends.
const options = { outboxBytes: 1 };
const nothing = (): void => {};

async function answer(req: Req, res: Res): Promise<void> {
  const [kind, what] = stateAt(req.url);
  waiting += 1;
  if (kind === 'read') await readings[what]?.(req, res);
  if (kind === 'spent') await spendings[what]?.(req, res);
  const race = kind === 'race' ? races[what] : undefined;
  const meanwhile = kind === 'spent' ? nothing : race && (() => race(req, res));
  attach(`${kind} ${what}`, () => store.pipe(toEventSource(res, options)), meanwhile);
}

async function greet(ws: WebSocket, { url }: IncomingMessage): Promise<void> {
  const [kind, what] = stateAt(url);
  waiting += 1;
  if (kind === 'spent') await socketSpendings[what]?.(ws);
  const race = kind === 'race' ? socketRaces[what] : undefined;
  const meanwhile = kind === 'spent' ? nothing : race && (() => race(ws));
  attach(`${kind} ${what}`, () => store.pipe(toWebSocket(ws, options)), meanwhile);
}

function stateAt(path = ''): [kind: string, what: string] {
  const [, kind = '', what = ''] = decodeURI(path).split('/');
  return [kind, what];
}

const orders: AttachmentOrders = {
  async open() {
    doors = await openDoors({ http: answer, http2: answer, webSocket: greet });
    return doors.ports;
  },
  publish,
  latest: () => store.data,
  attempts: () => attempts,
  waiting: () => waiting,
  connections: () => doors.connections(),
};

export const server: ScenarioServer = { observers: () => store.observers.length, orders };
