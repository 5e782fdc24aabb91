import type { Scenario } from './Scenario.ts';
import { seqOf } from './support/marks.ts';
import { type StalledFigure, stalledBesideHealthy, stalledCriteria } from './support/stalledBesideHealthy.ts';
import { WebSocketClient } from './support/WebSocketClient.ts';

/** A close frame would wait behind all that the client does not read, and for its answer. */
export const stalledWebSockets: Scenario<StalledFigure | 'stalled with a close frame'> = {
  id: 'R5',
  title: 'WebSocket: 20 stalled clients, 20 healthy, 40 MB',
  criteria: { ...stalledCriteria, 'stalled with a close frame': { exactly: 0 } },
  async run(context) {
    const codes: number[] = [];
    const figures = await stalledBesideHealthy(
      context,
      { healthy: 20, stalled: 20 },
      ({ ports, path, stalls, take }) => {
        const client = new WebSocketClient({ port: ports.http1, path, onData: (data) => take(seqOf(data)) });
        if (stalls) void client.closed.then((code) => codes.push(code));
        return Object.assign(client, { leave: () => client.terminate() });
      },
    );
    const noFrame = 1006;
    return { ...figures, 'stalled with a close frame': codes.filter((code) => code !== noFrame).length };
  },
};
