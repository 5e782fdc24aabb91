import type { Context, Scenario } from './Scenario.ts';
import type { GatedOrders } from './server/gated.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { EventLog } from './support/EventLog.ts';
import { lineTo } from './support/lineTo.ts';
import { now, seqOf } from './support/marks.ts';
import { ReturningClient } from './support/ReturningClient.ts';
import { until } from './support/until.ts';
import { WebSocketClient } from './support/WebSocketClient.ts';

const peers = { eventStreams: 10, webSockets: 10 };
const load = { log: 'memory', from: 1, count: 1e9, bytes: 64, perSecond: 100 } as const;

type Figure =
  | 'WebSockets gone after'
  | 'event streams gone after'
  | 'gone as they should'
  | 'left in the gate'
  | 'missed by each'
  | 'lost, repeated'
  | 'heard to the end';

export const silentPeers: Scenario<Figure | AfterwardsFigure> = {
  id: 'R25',
  title: 'peers that fall silent: 10 SSE, 10 WebSocket',
  criteria: {
    'WebSockets gone after': { atMost: 3_000, unit: 'ms' },
    'event streams gone after': { atMost: 4_000, unit: 'ms' },
    'gone as they should': { exactly: peers.eventStreams + peers.webSockets },
    'left in the gate': { exactly: 0 },
    'missed by each': { atLeast: 50 },
    'lost, repeated': { exactly: 0 },
    'heard to the end': { exactly: peers.eventStreams },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<GatedOrders>('gated');
    const before = await served.ask('vitals', { collect: true });
    const { http1 } = await served.ask('open', { heartbeat: 1_000, maxAge: 3_000 });
    const line = await lineTo(context, http1);
    const publishing = served.ask('publish', load);
    const eventStreams = Array.from({ length: peers.eventStreams }, (_, n) => eventStream(context, line.port, n));
    await Promise.all(eventStreams.map((client) => client.open()));
    const webSockets = Array.from({ length: peers.webSockets }, (_, n) => new SilentSocket(context, line.port, n));
    await Promise.all(webSockets.map(({ client }) => client.opened));
    await until(() => [...eventStreams, ...webSockets].every(({ log }) => log.count >= 5), 2_000);

    const visits = await served.ask('visits');
    const silentAt = now();
    await line.silence(visits.map(({ port }) => port));
    await until(async () => (await served.ask('visits')).every(({ closedAt }) => closedAt !== undefined), 6_000);
    const { size } = await served.ask('gate');
    const closed = await served.ask('visits');
    const goneAfter = (isWebSocket: boolean): number =>
      Math.max(
        ...closed
          .filter(({ client }) => client >= webSocketsFrom === isWebSocket)
          .map(({ closedAt }) => ((closedAt ?? Number.NaN) - silentAt) / 1000),
      );
    const isRight = ({ client, reason }: (typeof closed)[number]): boolean =>
      reason === (client >= webSocketsFrom ? 'timeout' : 'maxAge');

    // Nobody has told them that they were gone: they notice at some time, and come back from where they were.
    for (const client of eventStreams) client.cut();
    await line.restore();
    const heard = eventStreams.map(({ log }) => log.last ?? Number.NaN);
    await Promise.all(eventStreams.map((client) => client.open()));
    const { acknowledged } = await served.ask('stop').then(() => publishing);
    const last = acknowledged.at(-1) ?? Number.NaN;
    await until(() => eventStreams.every(({ log }) => log.last === last), 3_000);
    const figures = {
      'WebSockets gone after': goneAfter(true),
      'event streams gone after': goneAfter(false),
      'gone as they should': closed.filter(isRight).length,
      'left in the gate': size,
      'missed by each': Math.min(...heard.map((seq) => last - seq)),
      'lost, repeated': eventStreams.reduce((sum, { log }) => sum + log.holes + log.repeats + log.notices.length, 0),
      'heard to the end': eventStreams.filter(({ log }) => log.last === last).length,
    };
    for (const client of eventStreams) client.cut();
    for (const { client } of webSockets) client.terminate();
    await served.ask('close');
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};

/** The number of the first WebSocket. */
const webSocketsFrom = peers.eventStreams;

function eventStream(context: Context, port: number, n: number): ReturningClient<EventLog> {
  const client = new ReturningClient({ port, path: `/memory?client=${n}`, log: new EventLog() });
  context.defer(() => client.cut());
  return client;
}

class SilentSocket {
  readonly log = new EventLog();
  readonly client: WebSocketClient;

  constructor(context: Context, port: number, n: number) {
    // The first message is the position alone.
    const onData = (data: string): unknown => data !== '' && this.log.take(seqOf(data));
    this.client = new WebSocketClient({ port, path: `/memory?client=${webSocketsFrom + n}`, onData });
    context.defer(() => this.client.terminate());
  }
}
