import type { RedisServer } from '../../support/RedisServer.ts';
import type { Context } from '../Scenario.ts';
import type { Ports } from '../server/doors.ts';
import type { GatedOrders } from '../server/gated.ts';
import type { Served } from './Served.ts';

/** What an attack goes against. */
export interface Attacked {
  readonly context: Context;
  readonly served: Served<GatedOrders>;
  readonly redis: RedisServer;
  readonly ports: Ports;
}
