import { abuse } from './abuse.ts';
import { clusterFailovers } from './clusterFailover.ts';
import { conflation } from './conflation.ts';
import { connectAbort } from './connectAbort.ts';
import { contiguousRuns } from './contiguousRuns.ts';
import { cutConnections } from './cutConnections.ts';
import { disconnects } from './disconnects.ts';
import { drains } from './drains.ts';
import { failingClients } from './failingClients.ts';
import { fanOut } from './fanOut.ts';
import { joinsUnderLoad } from './joinUnderLoad.ts';
import { logModel } from './logModel.ts';
import { lostPositions } from './lostPositions.ts';
import { proxies } from './proxies.ts';
import { recoveryTables } from './recoveryTable.ts';
import { redisOutages } from './redisOutages.ts';
import { reentrantPublish } from './reentrantPublish.ts';
import type { Scenario } from './Scenario.ts';
import { sentinelFailover } from './sentinelFailover.ts';
import { silentPeers } from './silentPeers.ts';
import { spentSinks } from './spentSinks.ts';
import { stalledEventStreams } from './stalledEventStreams.ts';
import { stalledHttp2Stream } from './stalledHttp2Stream.ts';
import { stalledWebSockets } from './stalledWebSockets.ts';
import { throttledClients } from './throttledClients.ts';
import { unreadResponses } from './unreadResponses.ts';
import { unserialisableValues } from './unserialisableValues.ts';
import { unusualRequests } from './unusualRequests.ts';
import { wireVectors } from './wireVectors.ts';

/** All scenarios, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  fanOut,
  conflation,
  contiguousRuns,
  stalledEventStreams,
  stalledWebSockets,
  stalledHttp2Stream,
  unreadResponses,
  throttledClients,
  disconnects,
  connectAbort,
  unusualRequests,
  spentSinks,
  wireVectors,
  unserialisableValues,
  failingClients,
  reentrantPublish,
  ...recoveryTables,
  ...joinsUnderLoad,
  ...lostPositions,
  ...cutConnections,
  redisOutages,
  sentinelFailover,
  ...clusterFailovers,
  drains,
  silentPeers,
  ...proxies,
  abuse,
  logModel,
];
