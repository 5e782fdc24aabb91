import { expect } from 'chai';
import type { Cluster as Cluster6 } from 'ioredis';
import type { Cluster as Cluster5 } from 'ioredis5';
import { TornadoseError } from 'tornadose';
import { RedisStreamStore } from 'tornadose/redis';
import { joined, LogClient } from '../support/LogClient.ts';
import { numbers } from '../support/numbers.ts';
import { RedisCluster } from '../support/RedisCluster.ts';
import { ready } from '../support/ready.ts';
import { clusterClients } from './support/clusterClients.ts';
import { type ErrorReports, errorReports } from './support/reports.ts';
import { closeStores, opened } from './support/stores.ts';
import { until } from './support/until.ts';

// Two of one slot, two of two slots that one node has, and one of the third node.
const keys = ['{a}:orders', '{a}:prices', '{b}:orders', '{f}:orders', '{c}:orders'];

describe('Streams in a Cluster of several nodes', () => {
  let servers: RedisCluster;

  before(async () => {
    servers = await RedisCluster.start();
  });
  after(() => servers.dispose());

  for (const [name, connect] of Object.entries(clusterClients)) {
    describe(`on ${name}`, () => {
      let redis: Cluster5 | Cluster6;
      let reports: ErrorReports;

      beforeEach(async () => {
        redis = await ready(connect(servers.ports[0] as number));
        reports = errorReports();
      });
      afterEach(async () => {
        await closeStores();
        reports.stop();
        redis.disconnect();
        await until(async () => (await readers()).length === 0);
      });

      const made = (key: string): RedisStreamStore<number> =>
        opened(new RedisStreamStore<number>({ redis, key: `${key}:${name.at(-1)}` }));
      /** The ports of the nodes that something of ours reads at, once for each connection. */
      const readers = async (): Promise<number[]> => {
        const lists = await Promise.all(servers.nodes.map((server) => server.cli('CLIENT', 'LIST')));
        const counts = lists.map((list) => list.split('\n').filter((line) => line.includes('cmd=xread')).length);
        return counts.flatMap((count, each) => Array<number>(count).fill(servers.ports[each] as number));
      };

      it('should deliver and be resumed, over one connection that reads for each node that has one', async () => {
        const owners = await Promise.all(keys.map(async (key) => (await servers.ownerOf(key)).port));
        expect(new Set(owners).size).to.equal(3);
        expect(owners[2]).to.equal(owners[3]);
        const all = keys.map(made);
        const followers = await Promise.all(all.map((store) => joined(store)));
        for (const n of numbers(1, 3)) await Promise.all(all.map((store, each) => store.submit(10 * each + n)));
        await until(() => followers.every(({ data }) => data.length === 3));
        expect((await readers()).sort()).to.deep.equal([...new Set(owners)].sort());
        for (const follower of followers) follower.leave();
        await Promise.all(all.map((store, each) => store.submit(10 * each + 4)));
        const back = all.map((store, each) => new LogClient(store.since(followers[each]?.received[1]?.id)));
        await until(() => back.every(({ data }) => data.length === 3));
        for (const [each, { data, gaps }] of back.entries()) {
          expect(followers[each]?.data).to.deep.equal(numbers(10 * each + 1, 10 * each + 3));
          expect(data).to.deep.equal(numbers(10 * each + 2, 10 * each + 4));
          expect(gaps).to.deep.equal([]);
        }
        await until(async () => `${(await readers()).sort()}` === `${[...new Set(owners)].sort()}`);
        // Those of one node are closed.
        const [first] = owners;
        await Promise.all(all.filter((_, each) => owners[each] === first).map((store) => store.close()));
        await until(async () => !(await readers()).includes(first as number));
        expect(await readers()).to.have.length(2);
        expect(reports.list).to.deep.equal([]);
      });

      it('should lose nothing when the slot of one moves to another node while it is followed and published to', async () => {
        const all = [made('d'), made('e')] as const;
        const key = `d:${name.at(-1)}`;
        const followers = await Promise.all(all.map((store) => joined(store)));
        await Promise.all(all.map((store) => store.submit(0)));
        await until(() => followers.every(({ data }) => data.length === 1));
        const position = followers[0]?.lastId;
        let isMoving = true;
        let last = 0;
        const publishing = (async () => {
          while (isMoving || last < 20) {
            last += 1;
            for (const store of all) await insist(store, last);
          }
        })();
        try {
          const from = await servers.ownerOf(key);
          expect(await servers.moveSlot(key)).to.not.equal(from);
        } finally {
          isMoving = false;
          await publishing;
        }
        const back = new LogClient(all[0].since(position));
        await until(() => followers.every(({ data }) => data.length === last + 1) && back.data.length === last);
        for (const { data, gaps } of followers) {
          expect(data).to.deep.equal(numbers(0, last));
          expect(gaps).to.deep.equal([]);
        }
        expect(back.data).to.deep.equal(numbers(1, last));
        expect(back.gaps).to.deep.equal([]);
        const reading = await Promise.all(
          [key, `e:${name.at(-1)}`].map(async (each) => (await servers.ownerOf(each)).port),
        );
        await until(async () => `${(await readers()).sort()}` === `${[...new Set(reading)].sort()}`);
      });
    });
  }
});

/** Submits a value until it is known to be there, once. */
async function insist(store: RedisStreamStore<number>, value: number): Promise<void> {
  for (;;) {
    try {
      await store.submit(value, { key: `${value}` });
      return;
    } catch (error) {
      if (!TornadoseError.is(error)) throw error;
    }
  }
}
