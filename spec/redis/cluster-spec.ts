import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Cluster as Cluster6 } from 'ioredis';
import { Cluster as Cluster5 } from 'ioredis5';
import { merge } from 'rxjs';
import { Gap } from 'tornadose';
import { RedisStore } from 'tornadose/redis';
import { freePort, RedisServer } from '../support/RedisServer.ts';
import { until } from './support/until.ts';

const clients = {
  'ioredis 5': (port: number) => new Cluster5([{ host: '127.0.0.1', port }]),
  'ioredis 6': (port: number) => new Cluster6([{ host: '127.0.0.1', port }]),
};

describe('RedisStore on a Cluster', () => {
  const file = `tornadose-spec-${process.pid}-nodes.conf`;
  let server: RedisServer;

  before(async () => {
    const node = ['--cluster-announce-ip', '127.0.0.1', '--cluster-port', `${await freePort()}`];
    server = await RedisServer.start('--cluster-enabled', 'yes', '--cluster-config-file', file, ...node);
    await server.cli('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(async () => (await server.cli('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  });
  after(async () => {
    await server.dispose();
    await rm(join(tmpdir(), file), { force: true });
  });

  for (const [name, connect] of Object.entries(clients)) {
    it(`should publish, deliver, and tell of a lost subscription: ${name}`, async () => {
      const redis = connect(server.port);
      await once(redis, 'ready');
      const store = new RedisStore({ redis });
      const values: (string | Gap)[] = [];
      merge(store, store.gaps).subscribe((value) => values.push(value));
      expect(await store.submit('one')).to.equal(1);
      await until(() => values.length === 1);
      await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await until(() => values.length === 2);
      expect(await store.submit('two')).to.equal(1);
      await until(() => values.length === 3);
      expect(values).to.deep.equal(['one', new Gap({ reason: 'disconnected', log: 'tornadose' }), 'two']);
      await store.close();
      redis.disconnect();
    });
  }
});
