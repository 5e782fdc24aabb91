import { RedisServer } from '../support/RedisServer.ts';
import { unsendable } from '../wire/unsendable.ts';
import type { Scenario } from './Scenario.ts';
import type { UnserialisableOrders } from './server/unserialisable.ts';
import { type AfterwardsFigure, afterwards, afterwardsCriteria } from './support/afterwards.ts';
import { Listener } from './support/Listener.ts';
import { leaveAll } from './support/leaveAll.ts';
import { until } from './support/until.ts';

const values = Object.keys(unsendable).length;
/** Each to two kinds of store, but for half a character, which JSON can carry, and a message, which Pub/Sub does not know. */
const submitted = 2 * values - 2;
const clients = 30;

type Figure =
  | 'values'
  | 'reported once'
  | 'drops told'
  | 'clients with all else'
  | 'ended'
  | 'the text undefined'
  | 'refused by Redis stores';

export const unserialisableValues: Scenario<Figure | AfterwardsFigure> = {
  id: 'R14',
  title: 'Values without a text to 30 clients and Redis',
  criteria: {
    values: { exactly: values },
    'reported once': { exactly: values },
    'drops told': { exactly: values * clients },
    'clients with all else': { exactly: clients },
    ended: { exactly: 0 },
    'the text undefined': { exactly: 0 },
    'refused by Redis stores': { exactly: submitted },
    ...afterwardsCriteria,
  },

  async run(context) {
    const served = await context.serve<UnserialisableOrders>('unserialisable');
    const ports = await served.ask('open');
    const before = await served.ask('vitals', { collect: true });
    const joined = await Listener.joinAll(context, ports, clients);
    const published = await served.ask('publish');
    const expected = Array.from({ length: values + 1 }, (_, n) => n).join();
    await until(() => joined.every(({ data }) => data.length > values), 5_000);
    const redis = await RedisServer.start();
    context.defer(() => redis.dispose());
    const { refused, others } = await served.ask('submit', { port: redis.port });
    for (const other of others) context.note(other);
    const figures = {
      values: published.values,
      'reported once': published.reportedOnce,
      'drops told': published.drops,
      'clients with all else': joined.filter(({ data }) => data.join() === expected).length,
      ended: published.closes + joined.filter(({ fate }) => fate !== undefined).length,
      'the text undefined': joined.filter(({ text }) => /undefined|NaN|\[object/.test(text)).length,
      'refused by Redis stores': refused,
    };
    await leaveAll(served, joined);
    return { ...figures, ...(await afterwards(context, served, before)) };
  },
};
