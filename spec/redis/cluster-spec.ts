import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { merge } from 'rxjs';
import { Gap } from 'tornadose';
import { RedisStore, RedisStreamStore } from 'tornadose/redis';
import { allLogClientsLeave, LogClient } from '../support/LogClient.ts';
import { freePort, RedisServer } from '../support/RedisServer.ts';
import { ready } from '../support/ready.ts';
import { clusterClients } from './support/clusterClients.ts';
import { errorReports } from './support/reports.ts';
import { until } from './support/until.ts';

describe('A Cluster', () => {
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

  for (const [name, connect] of Object.entries(clusterClients)) {
    it(`should publish, deliver, and tell a RedisStore of a lost subscription: ${name}`, async () => {
      const redis = await ready(connect(server.port));
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

    it(`should read on when its client has ended and is connected again: ${name}`, async () => {
      const redis = await ready(connect(server.port));
      const store = new RedisStreamStore<number>({ redis, key: `again-${process.pid}-${name.at(-1)}` });
      const values: number[] = [];
      store.subscribe((value) => values.push(value));
      await store.submit(1);
      await until(() => values.length === 1);
      const ended = once(redis, 'end');
      await redis.quit();
      await ended;
      await redis.connect();
      await store.submit(2);
      await until(() => values.length === 2);
      expect(values).to.deep.equal([1, 2]);
      await store.close();
      redis.disconnect();
    });

    it(`should report why nobody can be asked for a stream, and read it when somebody can: ${name}`, async () => {
      const user = `limited-${name.at(-1)}`;
      await server.cli('ACL', 'SETUSER', user, 'on', '>secret', '+@all', '~*', '&*', '-cluster|myid');
      const redis = await ready(connect(server.port, { username: user, password: 'secret' }));
      const reports = errorReports();
      const store = new RedisStreamStore<number>({ redis, key: `refused-${process.pid}-${name.at(-1)}` });
      const values: number[] = [];
      store.subscribe((value) => values.push(value));
      await until(() => reports.list.length > 0);
      expect(reports.list[0]).to.have.property('during', 'read');
      expect(reports.list[0]?.error).to.include({ code: 'ERR_REDIS_REPLY', command: 'CLUSTER MYID' });
      expect(reports.list[0]?.error)
        .to.have.nested.property('cause.message')
        .that.matches(/^NOPERM/);
      await server.cli('ACL', 'SETUSER', user, '+cluster|myid');
      await store.submit(1);
      await until(() => values.length === 1);
      reports.stop();
      await store.close();
      redis.disconnect();
      await server.cli('ACL', 'DELUSER', user);
    });

    it(`should carry streams of one slot and of several, with one reader, over lost connections: ${name}`, async () => {
      const redis = await ready(connect(server.port));
      const suffix = `${process.pid}-${redis.constructor.name}-${name.at(-1)}`;
      const stores = ['{shop}:orders', '{shop}:prices', 'elsewhere', 'further'].map(
        (key) => new RedisStreamStore<number>({ redis, key: `${key}-${suffix}` }),
      );
      const readers = async (): Promise<string[]> =>
        (await server.cli('CLIENT', 'LIST')).split('\n').filter((line) => line.includes('cmd=xread'));
      // First those of one slot, whose read waits, and then all.
      for (const followed of [stores.slice(0, 2), stores]) {
        const clients = followed.map((store) => new LogClient(store.since()));
        await until(() => clients.every(({ lastId }) => lastId !== undefined));
        await Promise.all(followed.map((store) => store.submit(1)));
        await until(() => clients.every(({ data }) => data.length === 1));
        await until(async () => (await readers()).length === 1);
        const [reader] = await readers();
        await server.cli('CLIENT', 'KILL', 'ID', reader?.match(/id=(\d+)/)?.[1] as string);
        await Promise.all(followed.map((store) => store.submit(2)));
        await until(() => clients.every(({ data }) => data.length === 2));
        for (const client of clients) expect(client.messages.map(({ data }) => data)).to.deep.equal([1, 2]);
        const [store, client] = [followed.at(-1), clients.at(-1)];
        client?.leave();
        await store?.submit(3);
        const back = new LogClient((store as RedisStreamStore<number>).since(client?.lastId));
        await until(() => back.data.length === 1);
        expect(back.messages.map(({ data }) => data)).to.deep.equal([3]);
        allLogClientsLeave();
      }
      await Promise.all(stores.map((store) => store.close()));
      redis.disconnect();
    });
  }
});
