import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { freePorts, RedisServer } from './RedisServer.ts';

describe('RedisServer', () => {
  it('should forget all when it is killed, and keep all when it is durable', async () => {
    const servers = await Promise.all([RedisServer.start(), RedisServer.startDurable()]);
    const values: string[] = [];
    for (const server of servers) {
      await server.cli('SET', 'key', 'value');
      await server.restart();
      values.push(await server.cli('GET', 'key'));
    }
    expect(values).to.deep.equal(['', 'value']);
    const [, folder = ''] = (await servers[1].cli('CONFIG', 'GET', 'dir')).split('\n');
    expect(existsSync(folder)).to.equal(true);
    for (const server of servers) await server.dispose();
    expect(existsSync(folder)).to.equal(false);
  });

  it('should find ports that are all different', async () => {
    expect(new Set(await freePorts(20)).size).to.equal(20);
  });
});
