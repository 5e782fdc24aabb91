import { expect } from 'chai';
import { until } from '../redis/support/until.ts';
import { RedisCluster } from './RedisCluster.ts';

describe('RedisCluster', () => {
  it('should have another owner of a key, with what was written, when the first one is killed', async function () {
    this.timeout(30_000);
    const cluster = await RedisCluster.start();
    const first = await cluster.ownerOf('key');
    await first.cli('SET', 'key', 'value');
    await first.cli('WAIT', '1', '1000');
    await first.stop();
    const asked = cluster.nodes.find((node) => node !== first);
    await until(async () => (await cluster.ownerOf('key', asked)) !== first);
    expect(await (await cluster.ownerOf('key', asked)).cli('GET', 'key')).to.equal('value');
    await cluster.dispose();
  });
});
