import type { Scenario } from './Scenario.ts';
import { EventStreamSession } from './support/EventStreamSession.ts';
import { markReader } from './support/marks.ts';
import { type StalledFigure, stalledBesideHealthy, stalledCriteria } from './support/stalledBesideHealthy.ts';

export const stalledHttp2Stream: Scenario<StalledFigure | 'sessions alive'> = {
  id: 'R6',
  title: 'HTTP/2: 1 stalled stream of 10, 40 MB',
  criteria: { ...stalledCriteria, 'sessions alive': { exactly: 1 } },
  async run(context) {
    let session: EventStreamSession | undefined;
    let alive = 0;
    const figures = await stalledBesideHealthy(context, { healthy: 9, stalled: 1 }, async ({ ports, path, take }) => {
      session ??= new EventStreamSession(ports.http2);
      const shared = session;
      const stream = await shared.open(path, markReader(take));
      return {
        opened: Promise.resolve(),
        closed: new Promise((resolve) => stream.on('close', resolve)),
        pause: () => stream.pause(),
        resume: () => stream.resume(),
        leave() {
          if (shared.isOpen) alive = 1;
          shared.end();
        },
      };
    });
    return { ...figures, 'sessions alive': alive };
  },
};
