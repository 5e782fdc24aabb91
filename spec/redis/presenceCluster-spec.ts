import { expect } from 'chai';
import { RedisPresence } from 'tornadose/redis';
import { ann, bob, connect, rosterOf, type User, watching } from '../contracts/presenceContract.ts';
import { freePorts, RedisServer } from '../support/RedisServer.ts';
import { ready } from '../support/ready.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { clusterClients } from './support/clusterClients.ts';
import { until } from './support/until.ts';

describe('RedisPresence in a Cluster', () => {
  const folder = temporaryFolder();
  let nodes: RedisServer[] = [];

  before(async () => {
    const ports = await freePorts(4);
    nodes = await Promise.all(
      ports.slice(0, 2).map((port, index) => {
        const place = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder.path, '--save', ''];
        const bus = ['--cluster-port', `${ports[index + 2]}`];
        return RedisServer.run(port, [
          ...place,
          '--cluster-enabled',
          'yes',
          '--cluster-config-file',
          `${port}`,
          ...bus,
        ]);
      }),
    );
    const [one, two] = nodes as [RedisServer, RedisServer];
    await one.cli('CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
    await two.cli('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
    await two.cli('CLUSTER', 'SET-CONFIG-EPOCH', '2');
    await one.cli('CLUSTER', 'MEET', '127.0.0.1', `${ports[1]}`, `${ports[3]}`);
    for (const node of nodes)
      await until(async () => {
        const info = await node.cli('CLUSTER', 'INFO');
        return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:2');
      });
  });
  after(async () => {
    await Promise.all(nodes.map((node) => node.dispose()));
    folder.remove();
  });

  for (const [name, open] of Object.entries(clusterClients)) {
    it(`should be one for all processes, over all nodes: ${name}`, async () => {
      const redises = await Promise.all(nodes.map(({ port }) => ready(open(port))));
      const [one, two] = redises.map((redis) => new RedisPresence<User>({ redis, linger: 0, prefix: name })) as [
        RedisPresence<User>,
        RedisPresence<User>,
      ];
      const topics = ['a', 'b', 'c', 'd', 'e', '{', '{}', '}{a}'];
      const told = await Promise.all(topics.flatMap((topic) => [watching(one, topic), watching(two, topic)]));
      const leaving = topics.map((topic) => connect(one, topic, ann));
      for (const topic of topics) connect(two, topic, bob);
      await until(() => told.every((each) => rosterOf(each).length === 2));
      for (const each of leaving) each.unsubscribe();
      await until(() => told.every((each) => rosterOf(each).length === 1));
      expect(await one.members('{}')).to.deep.equal([bob]);
      expect(await Promise.all(nodes.map((node) => node.cli('DBSIZE')))).to.not.include('0');
      await Promise.all([one.close(), two.close()]);
      for (const redis of redises) redis.disconnect();
    });
  }
});
