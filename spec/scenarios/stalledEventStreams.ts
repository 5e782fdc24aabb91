import type { Scenario } from './Scenario.ts';
import { EventStreamClient } from './support/EventStreamClient.ts';
import { markReader } from './support/marks.ts';
import { type StalledFigure, stalledBesideHealthy, stalledCriteria } from './support/stalledBesideHealthy.ts';

/** A client that was cut off must see that it was: the empty chunk would say that this was all. */
export const stalledEventStreams: Scenario<StalledFigure | 'stalled told the end'> = {
  id: 'R4',
  title: 'SSE: 20 stalled clients, 20 healthy, 40 MB',
  criteria: { ...stalledCriteria, 'stalled told the end': { exactly: 0 } },
  async run(context) {
    const stalled: EventStreamClient[] = [];
    const figures = await stalledBesideHealthy(
      context,
      { healthy: 20, stalled: 20 },
      ({ ports, path, stalls, take }) => {
        const client = new EventStreamClient({ port: ports.http1, path, onBody: markReader(take) });
        if (stalls) stalled.push(client);
        return Object.assign(client, { leave: () => client.reset() });
      },
    );
    return { ...figures, 'stalled told the end': stalled.filter(({ ended }) => ended).length };
  },
};
