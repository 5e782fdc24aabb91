import { RedisServer } from '../../support/RedisServer.ts';
import type { Context } from '../Scenario.ts';
import type { Vitals } from '../server/host.ts';
import type { LogOrders } from '../server/logs.ts';
import type { Served } from './Served.ts';

/** What each log of this library is called, by what `LogSettings` have for it. */
export const logNames = { queue: 'QueueStore', stream: 'RedisStreamStore' } as const;
export type LogKind = keyof typeof logNames;
/** The logs that a scenario is run with, one after the other. */
export const logKinds: readonly LogKind[] = ['queue', 'stream'];

/** A server for logs, as it was started. */
export interface ServedLogs {
  readonly served: Served<LogOrders>;
  /** How it was before it had any. */
  readonly before: Vitals;
  readonly port: number;
  readonly redis: RedisServer | undefined;
}

/** A server for logs of one kind, with a Redis of its own where they need one. */
export async function serveLogs(context: Context, kind: LogKind, ...redisOptions: string[]): Promise<ServedLogs> {
  const served = await context.serve<LogOrders>('logs');
  const before = await served.ask('vitals', { collect: true });
  if (kind === 'queue') return { served, before, port: await served.ask('open', {}), redis: undefined };
  const redis = await RedisServer.start(...redisOptions);
  context.defer(() => redis.dispose());
  return { served, before, port: await served.ask('open', { redis: { kind: 'server', port: redis.port } }), redis };
}
