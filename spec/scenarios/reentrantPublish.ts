import type { Context, Scenario } from './Scenario.ts';
import type { Ports } from './server/doors.ts';
import type { Place, ReentranceOrders, Run } from './server/reentrance.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { Listener } from './support/Listener.ts';
import { leaveAll } from './support/leaveAll.ts';
import type { Served } from './support/Served.ts';
import { until } from './support/until.ts';

const depth = 100;
/** As many as a store delivers in a row. */
const mostInARow = 10_000;
const places: readonly Place[] = ['ahead', 'between', 'behind', 'within'];
const runs: readonly Run[] = (['data', 'queue'] as const).flatMap((store) => places.map((place) => ({ store, place })));
const clientsOfEach = 3;

type Figure =
  | 'clients'
  | 'with all, in order'
  | 'last is the latest'
  | 'newcomers with the latest'
  | 'endless ones refused'
  | 'clients whole after that';

export const reentrantPublish: Scenario<Figure | AfterwardsFigure> = {
  id: 'R16',
  title: 'Publishing within a delivery, 100 deep and without end',
  criteria: {
    clients: { exactly: runs.length * clientsOfEach },
    'with all, in order': { exactly: 100, unit: '%' },
    'last is the latest': { exactly: runs.length * clientsOfEach },
    'newcomers with the latest': { exactly: places.length },
    'endless ones refused': { exactly: runs.length },
    'clients whole after that': { exactly: runs.length * clientsOfEach },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<ReentranceOrders>('reentrance');
    const ports = await served.ask('open');
    const before = await served.ask('vitals', { collect: true });
    const figures = { clients: 0, whole: 0, latest: 0, newcomers: 0, refused: 0, wholeEndless: 0 };
    for (const run of runs) {
      const joined = await publishWithin(context, served, ports, { ...run, depth });
      const texts = joined.clients.map(({ data }) => data.join());
      figures.clients += joined.clients.length;
      figures.whole += texts.filter((text) => text === upTo(depth)).length;
      figures.latest += joined.clients.filter(({ data }) => data.at(-1) === String(depth)).length;
      if (run.store === 'data' && joined.latest === depth && (await greeting(context, ports)) === String(depth))
        figures.newcomers += 1;
      const endless = await publishWithin(context, served, ports, { ...run, depth: Number.POSITIVE_INFINITY });
      if (endless.refused === 'ERR_REENTRANT') figures.refused += 1;
      figures.wholeEndless += endless.clients.filter(({ data }) => data.join() === upTo(mostInARow)).length;
      await leaveAll(served, [...joined.clients, ...endless.clients]);
    }
    return {
      clients: figures.clients,
      'with all, in order': (figures.whole / (runs.length * clientsOfEach)) * 100,
      'last is the latest': figures.latest,
      'newcomers with the latest': figures.newcomers,
      'endless ones refused': figures.refused,
      'clients whole after that': figures.wholeEndless,
      ...(await afterwards(context, served, before)),
    };
  },
};

const upTo = (last: number): string => Array.from({ length: last + 1 }, (_, n) => n).join();

interface Joined {
  readonly clients: readonly Listener[];
  readonly latest: number | undefined;
  readonly refused: string | undefined;
}

async function publishWithin(
  context: Context,
  served: Served<ReentranceOrders>,
  ports: Ports,
  run: Run & { readonly depth: number },
): Promise<Joined> {
  await served.ask('make', run);
  await served.ask('stand', 'ahead');
  const clients = [await Listener.join(context, ports, 'http1', '/first')];
  await served.ask('stand', 'between');
  clients.push(
    await Listener.join(context, ports, 'http2', '/'),
    await Listener.join(context, ports, 'webSocket', '/'),
  );
  await until(async () => (await served.ask('observers')) >= clientsOfEach, 2_000);
  await served.ask('stand', 'behind');
  const { latest, refused } = await served.ask('publish');
  await served.ask('rest');
  const count = Math.min(run.depth, mostInARow) + 1;
  await until(() => clients.every(({ data }) => data.length >= count), 5_000);
  return { clients, latest, refused };
}

/** What a client sees first that comes now. */
async function greeting(context: Context, ports: Ports): Promise<string | undefined> {
  const newcomer = await Listener.join(context, ports, 'http1', '/');
  await until(() => newcomer.data.length > 0, 2_000);
  newcomer.leave();
  return newcomer.data[0];
}
