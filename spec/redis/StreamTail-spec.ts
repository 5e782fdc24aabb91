import { expect } from 'chai';
import type { Streams } from '../../src/redis/Streams.ts';
import { StreamTail, type TailOwner } from '../../src/redis/StreamTail.ts';
import { errorReports } from './support/reports.ts';
import { until } from './support/until.ts';

describe('The end of a stream', () => {
  it('should report what fails while it is looked for in the quiet, and take no process down', async () => {
    const streams = {
      fullKey: (name: string) => name,
      follow: () => {},
      attach: async () => ({ epoch: 'efgh', id: '1-0' }),
    } as unknown as Streams;
    const broken = new Error('an observer of somebody’s own');
    const owner: Pick<TailOwner, 'name' | 'missed'> = {
      name: 'orders',
      missed: () => {
        throw broken;
      },
    };
    const tail = new StreamTail(streams, 1_000, owner as TailOwner);
    tail.attached({ epoch: 'abcd', id: '1-0' });
    const unhandled: unknown[] = [];
    const hear = (error: unknown): void => void unhandled.push(error);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', hear);
    const reports = errorReports();
    try {
      tail.quiet();
      await until(() => reports.list.length + unhandled.length > 0);
    } finally {
      reports.stop();
      process.off('unhandledRejection', hear);
      for (const other of others) process.on('unhandledRejection', other);
    }
    expect(unhandled).to.deep.equal([]);
    expect(reports.list).to.deep.equal([{ error: broken, during: 'read' }]);
    expect(tail.place).to.deep.equal({ epoch: 'efgh', id: '1-0' });
  });
});
