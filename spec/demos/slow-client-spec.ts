import { expect } from 'chai';
import { EventSource } from 'eventsource';
import { startDemo, stopDemos } from './startDemo.ts';

interface Row {
  readonly strategy: string;
  readonly events: number;
  readonly ticks: number;
  readonly dropped: number;
  readonly 'cut off': number;
}

describe('demos/slow-client', () => {
  afterEach(stopDemos);

  it('should show what each strategy does, and that the quick client misses nothing', async () => {
    const { url } = await startDemo('slow-client');
    const source = new EventSource(`${url}/stream`);
    const rows = await new Promise<Map<string, Row>>((resolve) => {
      source.onmessage = ({ data }) => {
        const rows = new Map((JSON.parse(data) as Row[]).map((row) => [row.strategy, row]));
        const [error, dropOldest, latest, reduce, drop] = [...rows.values()].slice(1) as [Row, Row, Row, Row, Row];
        const dropping = [dropOldest, latest, drop].every(({ dropped }) => dropped > 0);
        if (dropping && error['cut off'] > 0 && reduce.ticks > reduce.events) resolve(rows);
      };
    });
    source.close();
    const quick = rows.get('a quick client') as Row;
    expect(quick).to.include({ dropped: 0, 'cut off': 0 });
    for (const [strategy, row] of rows) {
      if (strategy !== 'a quick client') expect(row.events).to.be.below(quick.events);
      if (strategy !== 'buffer, error') expect(row['cut off'], strategy).to.equal(0);
    }
    expect(rows.get('reduce')).to.include({ dropped: 0 });
  });
});
