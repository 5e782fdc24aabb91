import { expect } from 'chai';
import { until } from '../redis/support/until.ts';
import { SentinelGroup } from './SentinelGroup.ts';

describe('SentinelGroup', () => {
  it('should have another master, with what was written, when the first one is killed', async function () {
    this.timeout(30_000);
    const group = await SentinelGroup.start();
    const first = await group.master();
    await first.cli('SET', 'key', 'value');
    await first.cli('WAIT', '2', '1000');
    await first.stop();
    await until(async () => (await group.master()) !== first);
    expect(await (await group.master()).cli('GET', 'key')).to.equal('value');
    await group.dispose();
  });
});
