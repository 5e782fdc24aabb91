import { connect } from 'node:net';
import type { Context, Scenario } from './Scenario.ts';
import type { AttachmentOrders, Attempt } from './server/attachments.ts';
import type { Ports } from './server/doors.ts';
import { races, socketRaces, socketSpendings, spendings } from './server/states.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { isContiguous } from './support/isContiguous.ts';
import { Listener } from './support/Listener.ts';
import { leaveAll } from './support/leaveAll.ts';
import { OddRequest } from './support/OddRequest.ts';
import { until } from './support/until.ts';
import { WebSocketClient } from './support/WebSocketClient.ts';

const times = 20;
const healthy = 12;

const named = (kind: string, states: object): string[] => Object.keys(states).map((name) => `/${kind}/${name}`);
// For the last one of these the client has to leave, which is in another row.
const spent = named('spent', spendings).filter((path) => path !== '/spent/left');
const overHttp = [...spent, ...named('race', races)].flatMap((path) =>
  (['http1', 'http2'] as const).map((door) => ({ door, path })),
);
const overWebSocket = [...named('spent', socketSpendings), ...named('race', socketRaces)];

const refusals = times * (spent.length * 2 + Object.keys(socketSpendings).length);
// And those who look at what comes behind the end.
const ended = times * (Object.keys(races).length * 2 + Object.keys(socketRaces).length + 1);

type Figure =
  | 'refused with a typed error'
  | 'ended in the same tick'
  | 'otherwise'
  | 'bytes behind the end'
  | 'thrown'
  | 'others with all';

export const spentSinks: Scenario<Figure | AfterwardsFigure> = {
  id: 'R12',
  title: 'Sinks on what has ended, or ends as one publishes',
  criteria: {
    'refused with a typed error': { exactly: refusals },
    'ended in the same tick': { exactly: ended },
    otherwise: { exactly: 0 },
    'bytes behind the end': { exactly: 0 },
    thrown: { exactly: 0 },
    'others with all': { exactly: healthy },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<AttachmentOrders>('attachments');
    const ports = await served.ask('open');
    const before = await served.ask('vitals', { collect: true });
    const others = await Listener.joinAll(context, ports, healthy);
    const visitors: { leave(): void }[] = [];
    let attempts: readonly Attempt[] = [];
    const seen = async (): Promise<number> => {
      attempts = (await served.ask('attempts')).filter(({ state }) => state !== ' ');
      return attempts.filter(({ reason }) => reason !== undefined).length;
    };
    const keeping: RawRequest[] = [];
    for (let time = 1; time <= times; time += 1) {
      visitors.push(...overHttp.map(({ door, path }) => new OddRequest(context, { ports, door, path, method: 'GET' })));
      keeping.push(new RawRequest(context, ports.http1, '/race/end'));
      visitors.push(...overWebSocket.map((path) => webSocketAt(context, ports, path)));
      const expected = (time * (refusals + ended)) / times;
      await until(async () => (await seen()) === expected, 2_000);
    }
    for (const visitor of [...visitors, ...keeping]) visitor.leave();
    await until(async () => (await served.ask('connections')) === healthy, 2_000);
    const last = await served.ask('latest');
    await until(() => others.every(({ data }) => data.at(-1) === String(last)), 5_000);
    const refused = attempts.filter((each) => each.code === 'ERR_REFUSED' && !each.opened && isSpent(each));
    const over = attempts.filter((each) => each.reason === 'client' && each.opened && !isSpent(each));
    const figures = {
      'refused with a typed error': refused.length,
      'ended in the same tick': over.length,
      otherwise: attempts.length - refused.length - over.length,
      'bytes behind the end': keeping.reduce((sum, { behind }) => sum + behind, 0),
      thrown: attempts.filter(({ thrown }) => thrown !== undefined).length,
      'others with all': others.filter(({ data }) => isContiguous(data, last)).length,
    };
    for (const each of attempts)
      if (each.thrown !== undefined || !(refused.includes(each) || over.includes(each)))
        context.note(JSON.stringify(each));
    await leaveAll(served, others);
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};

const isSpent = ({ state }: Attempt): boolean => state.startsWith('spent');

function webSocketAt({ defer }: Context, { http1: port }: Ports, path: string): { leave(): void } {
  const client = new WebSocketClient({ port, path: encodeURI(path), onData() {} });
  defer(() => client.terminate());
  return { leave: () => client.terminate() };
}

/** A request on a connection that stays for the next one, for whose answer it would take what is written behind the end. */
class RawRequest {
  #text = '';
  readonly leave: () => void;

  constructor({ defer }: Context, port: number, path: string) {
    const socket = connect(port, '127.0.0.1');
    this.leave = () => socket.destroy();
    defer(this.leave);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      this.#text += bytes.toString('latin1');
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  }

  /** How many bytes came behind the last chunk. Without one, all of them. */
  get behind(): number {
    const lastChunk = '\r\n0\r\n\r\n';
    const at = this.#text.indexOf(lastChunk);
    return this.#text.length - (at === -1 ? 0 : at + lastChunk.length);
  }
}
