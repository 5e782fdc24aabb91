import { once } from 'node:events';
import { expect } from 'chai';
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis';
import { type Cluster as Cluster5, Redis as Redis5 } from 'ioredis5';
import { merge } from 'rxjs';
import { Gap, TornadoseError } from 'tornadose';
import { RedisStore } from 'tornadose/redis';
import { RedisCluster } from '../support/RedisCluster.ts';
import type { RedisServer } from '../support/RedisServer.ts';
import { ready } from '../support/ready.ts';
import { clusterClients } from './support/clusterClients.ts';
import { type ErrorReports, errorReports } from './support/reports.ts';
import { until } from './support/until.ts';

const host = '127.0.0.1';
const clients = {
  'ioredis 5': {
    cluster: clusterClients['ioredis 5'],
    node: (port: number) => new Redis5(port, host),
  },
  'ioredis 6 (RESP3)': {
    cluster: clusterClients['ioredis 6'],
    node: (port: number) => new Redis6(port, host),
  },
  'ioredis 6 (RESP2)': {
    cluster: (port: number) => clusterClients['ioredis 6'](port, { protocol: 2 }),
    node: (port: number) => new Redis6(port, host, { protocol: 2 }),
  },
};

// Some of each node.
const channels = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

describe('Sharded Pub/Sub in a Cluster', () => {
  let servers: RedisCluster;

  before(async () => {
    servers = await RedisCluster.start();
  });
  after(() => servers.dispose());

  for (const [name, connect] of Object.entries(clients)) {
    describe(`on ${name}`, () => {
      let redis: Cluster5 | Cluster6;
      let reports: ErrorReports;

      beforeEach(async () => {
        redis = await ready(connect.cluster(servers.ports[0] as number));
        reports = errorReports();
      });
      afterEach(async () => {
        reports.stop();
        redis.disconnect();
        await until(async () => (await subscribing()).length === 0);
      });

      /** The ports of the nodes to which something of ours subscribes, once for each connection. */
      const subscribing = async (): Promise<number[]> => {
        const lists = servers.nodes.map((server) => server.cli('CLIENT', 'LIST', 'TYPE', 'pubsub').catch(() => ''));
        const counts = (await Promise.all(lists)).map((list) => list.split('\n').filter(Boolean).length);
        return counts.flatMap((count, each) => Array<number>(count).fill(servers.ports[each] as number));
      };
      /** A store, and what its clients are sent, gaps included. */
      const opened = (channel: string): { store: RedisStore; values: (string | Gap)[] } => {
        const store = new RedisStore({ redis, channel, sharded: true });
        const values: (string | Gap)[] = [];
        merge(store, store.gaps).subscribe((value) => values.push(value));
        return { store, values };
      };
      const gap = (channel: string): Gap => new Gap({ reason: 'disconnected', log: channel });

      it('should publish and deliver over one connection for each node that has a channel', async () => {
        const all = [...channels, ...channels].map(opened);
        const owners = new Set(await Promise.all(channels.map(async (each) => (await servers.ownerOf(each)).port)));
        expect(owners.size).to.equal(3);
        const sent = await Promise.all(all.map(({ store }, each) => store.submit(`${each}`)));
        expect(sent).to.deep.equal(all.map(() => 1));
        await until(() => all.every(({ values }) => values.length === 2));
        for (const [each, { values }] of all.entries()) {
          expect(values).to.have.members([
            `${each % channels.length}`,
            `${(each % channels.length) + channels.length}`,
          ]);
        }
        expect(new Set(await subscribing())).to.deep.equal(owners);
        expect(await subscribing()).to.have.length(3);
        // Those of one node leave.
        const first = await servers.ownerOf('a');
        for (const [each, { store }] of all.entries()) {
          if ((await servers.ownerOf(channels[each % channels.length] as string)) === first) await store.close();
        }
        await until(async () => !(await subscribing()).includes(first.port));
        expect(await subscribing()).to.have.length(2);
        await Promise.all(all.map(({ store }) => store.close()));
        expect(reports.list).to.deep.equal([]);
      });

      it('should say after a lost connection that something may be missing, and to nobody else', async () => {
        const owner = await servers.ownerOf('a');
        const [lost, kept] = [opened('a'), opened(await elsewhereThan(servers, owner))];
        await Promise.all([lost.store.submit('1'), kept.store.submit('1')]);
        await until(() => lost.values.length === 1 && kept.values.length === 1);
        await owner.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
        await until(() => lost.values.length === 2);
        await Promise.all([lost.store.submit('2'), kept.store.submit('2')]);
        await until(() => lost.values.length === 3 && kept.values.length === 2);
        expect(lost.values).to.deep.equal(['1', gap('a'), '2']);
        expect(kept.values).to.deep.equal(['1', '2']);
        await Promise.all([lost.store.close(), kept.store.close()]);
      });

      it('should follow a slot that moves to another node', async () => {
        const { store, values } = opened('a');
        for (let move = 1; move <= 3; move += 1) {
          await store.submit('before');
          await until(() => values.length === 2 * move - 1);
          const from = await servers.ownerOf('a');
          await servers.moveSlot('a');
          await until(() => values.length === 2 * move);
          const to = await servers.ownerOf('a', from);
          expect(to).to.not.equal(from);
          expect(await subscribing()).to.deep.equal([to.port]);
        }
        await store.submit('after');
        await until(() => values.length === 7);
        expect(values).to.deep.equal([
          ...Array(3)
            .fill(['before', gap('a')])
            .flat(),
          'after',
        ]);
        await store.close();
      });

      it('should go where the replica is that takes over', async () => {
        const from = await servers.ownerOf('b');
        const [one, other] = [opened('b'), opened(await elsewhereThan(servers, from))];
        await Promise.all([one.store.submit('before'), other.store.submit('before')]);
        await until(() => one.values.length === 1 && other.values.length === 1);
        await (await replicaOf(servers, from)).cli('CLUSTER', 'FAILOVER');
        await until(() => one.values.length === 2);
        const to = await servers.ownerOf('b', from);
        expect(to).to.not.equal(from);
        await until(() => servers.agree('b', to));
        expect(await one.store.submit('after')).to.equal(1);
        await until(() => one.values.length === 3);
        expect(one.values).to.deep.equal(['before', gap('b'), 'after']);
        expect(other.values).to.deep.equal(['before']);
        await Promise.all([one.store.close(), other.store.close()]);
      });

      it('should report a node that has not got the channel, and not storm it', async () => {
        // A client of one node cannot ask another one.
        const owner = await servers.ownerOf('b');
        const node = connect.node(owner.port);
        const channel = await elsewhereThan(servers, owner);
        const store = new RedisStore({ redis: node, channel, sharded: true });
        merge(store, store.gaps).subscribe({ error() {} });
        try {
          await until(() => reports.list.length === 3);
          for (const { error } of reports.list) {
            expect(TornadoseError.is(error, 'ERR_REDIS_REPLY') && error.command).to.match(/^SSUBSCRIBE/);
          }
          // Half a second, then a whole one, at random down to the half.
          const [first, , third] = reports.at as [number, number, number];
          expect(third - first).to.be.at.least(740);
          const error = await store.submit('no').catch((reason) => reason);
          expect(error).to.include({ code: 'ERR_REDIS_REPLY', command: 'SPUBLISH' });
        } finally {
          await store.close();
          node.disconnect();
        }
      });

      it('should have nothing left when it is closed, whatever it is about', async () => {
        const before = redis.eventNames().map((event) => [event, redis.listenerCount(event)]);
        const { store } = opened('a');
        await store.close();
        const live = opened('c');
        await live.store.submit('live');
        await live.store.close();
        await until(async () => (await subscribing()).length === 0);
        expect(redis.eventNames().map((event) => [event, redis.listenerCount(event)])).to.deep.equal(before);
      });

      it('should go on when its client has ended and is connected again', async () => {
        const { store, values } = opened('a');
        await store.submit('before');
        await until(() => values.length === 1);
        const ended = once(redis, 'end');
        await redis.quit();
        await ended;
        await until(async () => (await subscribing()).length === 0);
        await redis.connect();
        await until(() => values.length === 2);
        await store.submit('after');
        await until(() => values.length === 3);
        expect(values).to.deep.equal(['before', gap('a'), 'after']);
        await store.close();
      });
    });
  }

  describe('whose node is killed', () => {
    it('should deliver again, after a gap, when a node was killed and its replica takes over', async () => {
      const redis = new Cluster6(servers.ports.map((port) => ({ host, port })));
      redis.on('error', () => {});
      const stores = channels.map((channel) => new RedisStore({ redis, channel, sharded: true }));
      const sent = stores.map((store) => {
        const values: (string | Gap)[] = [];
        merge(store, store.gaps).subscribe((value) => values.push(value));
        return values;
      });
      await Promise.all(stores.map((store) => store.submit('before')));
      await until(() => sent.every(({ length }) => length === 1));
      const killed = await servers.ownerOf('b');
      const isLost = await Promise.all(channels.map(async (each) => (await servers.ownerOf(each)) === killed));
      await killed.stop();
      await until(() => sent.every((values, each) => values.length === (isLost[each] ? 2 : 1)));
      await Promise.all(stores.map((store) => store.submit('after')));
      await until(() => sent.every((values, each) => values.length === (isLost[each] ? 3 : 2)));
      for (const [each, values] of sent.entries()) {
        const gap = new Gap({ reason: 'disconnected', log: channels[each] as string });
        expect(values).to.deep.equal(isLost[each] ? ['before', gap, 'after'] : ['before', 'after']);
      }
      await Promise.all(stores.map((store) => store.close()));
      redis.disconnect();
      await killed.restart();
    });
  });
});

async function replicaOf(servers: RedisCluster, master: RedisServer): Promise<RedisServer> {
  const roles = await Promise.all(servers.nodes.map((node) => node.cli('ROLE')));
  const isIts = (role: string | undefined) => role?.startsWith('slave') && role.includes(`\n${master.port}\n`);
  return servers.nodes.find((_, each) => isIts(roles[each])) as RedisServer;
}

/** A channel that another node has. */
async function elsewhereThan(servers: RedisCluster, node: RedisServer): Promise<string> {
  for (const channel of channels) if ((await servers.ownerOf(channel)) !== node) return channel;
  throw new Error(`Expected a channel of another node than ${node.port}`);
}
