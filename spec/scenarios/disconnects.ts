import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { upgradeHeaders } from '../support/upgradeHeaders.ts';
import type { Context, Scenario } from './Scenario.ts';
import type { StreamOrders } from './server/streams.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria, megabytes } from './support/afterwards.ts';
import { killSockets } from './support/killSockets.ts';
import type { Served } from './support/Served.ts';
import { until } from './support/until.ts';

const batches = 20;
/** So many at a time, as the system holds megabytes for each. */
const batch = 50;
const total = batches * batch;

type Figure =
  | 'left while something waited'
  | 'reported'
  | 'still there'
  | 'pending promises'
  | 'generators left'
  | 'heap and external';

export const disconnects: Scenario<Figure | AfterwardsFigure> = {
  id: 'R9',
  title: '1,000 disconnects while something waits',
  criteria: {
    'left while something waited': { exactly: total },
    reported: { exactly: total },
    'still there': { exactly: 0 },
    'pending promises': { atMost: 0 },
    'generators left': { exactly: 0 },
    'heap and external': { atMost: 5, unit: 'MB more' },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<StreamOrders>('streams');
    // More than ever waits: nobody is to be ended by the server.
    const { http1: port } = await served.ask('open', { store: 'queue', maxBytes: 64 * 2 ** 20 });
    const before = await served.ask('vitals', { collect: true });
    const promises = await served.ask('pendingPromises');
    const tally = { waited: 0, killed: 0, toKill: 0, stayed: 0 };
    for (let number = 0; number < batches; number += 1) {
      const clients = await stalledClients(context, port, number * batch);
      tally.waited += await fill(served);
      const [byEnd, byReset, byKill] = [0, 1, 2].map((way) => clients.filter((_, index) => index % 3 === way)) as [
        Socket[],
        Socket[],
        Socket[],
      ];
      // One that says that it leaves takes what was on its way.
      for (const client of byEnd) client.end().resume();
      for (const client of byReset) client.resetAndDestroy();
      tally.toKill += byKill.length;
      tally.killed += await killSockets(
        port,
        byKill.map(({ localPort }) => localPort as number),
      );
      for (const client of byKill) client.resetAndDestroy();
      const took = await until(async () => (await served.ask('connections')) === 0, 5_000);
      if (took === Number.POSITIVE_INFINITY) tally.stayed += await served.ask('connections');
    }
    if (tally.killed < tally.toKill)
      context.note(`ss -K ended ${tally.killed} of ${tally.toKill}, the others were reset`);
    else context.note(`${tally.killed} by ss -K`);

    const reports = await served.ask('clients');
    await served.ask('forget');
    const after = await served.ask('vitals', { collect: true });
    const figures = {
      'left while something waited': tally.waited,
      reported: reports.filter(({ reason }) => reason === 'client').length,
      'still there': tally.stayed,
      'pending promises': (await served.ask('pendingPromises')) - promises,
      'generators left': await served.ask('pulling'),
      'heap and external': megabytes(after.heapUsed + after.external - before.heapUsed - before.external),
    };
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};

/** SSE and WebSocket, of the store and of a generator each, and none that reads. */
async function stalledClients(context: Context, port: number, from: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: batch }, async (_, index) => {
      const socket = connect(port, '127.0.0.1');
      context.defer(() => socket.destroy());
      socket.on('error', () => {});
      socket.pause();
      const path = `${index % 4 < 2 ? '/' : '/pull'}?client=${from + index}&stalls`;
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${index % 2 === 0 ? '' : upgradeHeaders}\r\n`);
      await once(socket, 'connect');
      return socket;
    }),
  );
}

/** Publishes until something waits for all of them, and gives how many they are. */
async function fill(served: Served<StreamOrders>): Promise<number> {
  let held: readonly number[] = [];
  for (let times = 0; times < 40; times += 1) {
    await served.ask('publish', { count: 64, bytes: 16_384, perTurn: 16 });
    held = await served.ask('held');
    if (held.length === batch && held.every((bytes) => bytes > 0)) break;
  }
  return held.filter((bytes) => bytes > 0).length;
}
