import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { NEVER } from 'rxjs';
import { RedisPresence, RedisStore, RedisStreamStore } from 'tornadose/redis';
import { errorReports } from '../redis/support/reports.ts';
import { until } from '../redis/support/until.ts';
import { RedisServer } from '../support/RedisServer.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { commandsOf } from './commandErrors.ts';
import { blocksOf, pageOf, pages } from './pages.ts';

const run = promisify(execFile);
const blocks = blocksOf(pageOf('docs/redis.md'));

type User = { readonly port: number; readonly username: string; readonly password: string };
const connects = {
  'ioredis 5': (user: User) => new Redis5(user),
  'ioredis 6': (user: User) => new Redis6(user),
};

describe('docs/redis.md, and the rights in docs/presence.md', () => {
  let server: RedisServer;
  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.dispose());

  /** What redis-cli prints for a command as it stands in the page. */
  async function output(command: string): Promise<string> {
    const { stdout } = await run('sh', ['-c', command.replace('redis-cli', `redis-cli -p ${server.port}`)]);
    return stdout.trim();
  }

  it('should have commands of redis-cli that Redis takes, as all pages have', async () => {
    const commands = pages()
      .flatMap(blocksOf)
      .filter(({ language }) => language === 'console' || language === 'sh')
      .flatMap(commandsOf)
      .filter((command) => command.startsWith('redis-cli'));
    expect(commands.length).to.be.greaterThan(6);
    for (const command of commands) expect(await output(command), command).not.to.match(/^\(?(error|ERR|WRONG|NO)/i);
  });

  it('should have configuration with which Redis starts', async () => {
    const lines = blocks.filter(({ language }) => language === 'conf').flatMap(({ code }) => code.split('\n'));
    expect(lines.length).to.be.greaterThan(4);
    const settings = lines.map((line) => line.split(' ') as [name: string, value: string]);
    const folder = temporaryFolder();
    const args = settings.flatMap(([name, value]) => [`--${name}`, value]);
    const configured = await RedisServer.start('--dir', folder.path, ...args);
    try {
      for (const [name, value] of settings)
        expect(await configured.cli('CONFIG', 'GET', name)).to.equal(`${name}\n${value.replace('2gb', `${2 ** 31}`)}`);
    } finally {
      await configured.dispose();
      folder.remove();
    }
  });

  for (const [name, connect] of Object.entries(connects)) {
    it(`should name all that the users of stores must be allowed (${name})`, async () => {
      await server.cli('FLUSHALL');
      await server.cli('ACL', 'LOG', 'RESET');
      const reports = errorReports();
      const clients: (Redis5 | Redis6)[] = [];
      const as = (username: string): Redis5 | Redis6 => {
        const redis = connect({ port: server.port, username, password: 'secret' });
        clients.push(redis);
        return redis;
      };
      // Nothing is in the stream yet: the reader adds its first entry.
      const [read, written] = ['orders-reader', 'orders-writer'].map(
        (user) => new RedisStreamStore<number>({ redis: as(user), key: 'orders', ttl: 60_000 }),
      ) as [RedisStreamStore<number>, RedisStreamStore<number>];
      const [heard, said] = ['news-reader', 'news-writer'].map(
        (user) => new RedisStore({ redis: as(user), channel: 'news' }),
      ) as [RedisStore, RedisStore];
      const seen: unknown[] = [];
      read.since().subscribe(({ data }) => seen.push(data));
      heard.subscribe((text) => seen.push(text));
      try {
        await until(async () => (await server.cli('XLEN', 'orders')) === '1');
        const id = await written.submit(7, { key: 'seven' });
        expect(await written.submit(7, { key: 'seven' })).to.equal(id);
        await until(async () => (await said.submit('hello')) === 1);
        await until(() => seen.includes(7) && seen.includes('hello'));
        expect(seen.filter((value) => value === 7)).to.have.length(1);
        expect(reports.list.map(({ error }) => String(error))).to.deep.equal([]);
        // What ioredis asks for and does without is not named.
        const refused = (await server.cli('ACL', 'LOG')).match(/(?<=^object\n).*/gm) ?? [];
        expect(refused.filter((command) => command !== 'client|setname')).to.deep.equal([]);
      } finally {
        reports.stop();
        await Promise.all([read, written, heard, said].map((store) => store.close()));
        for (const redis of clients) redis.disconnect();
      }
    });

    it(`should name all that the user of presences must be allowed (${name})`, async () => {
      await server.cli('FLUSHALL');
      await server.cli('ACL', 'LOG', 'RESET');
      const reports = errorReports();
      const user = { port: server.port, username: 'presence', password: 'secret' };
      const clients = [connect(user), connect(user)];
      const [one, two] = clients.map((redis) => new RedisPresence({ redis, ttl: 1_000, linger: 0 })) as [
        RedisPresence,
        RedisPresence,
      ];
      const told: string[] = [];
      const watched = one.of('room').subscribe(({ data }) => told.push(data.type));
      try {
        await until(() => told.includes('here'));
        const tracked = NEVER.pipe(two.track('room', { id: '7' })).subscribe();
        await until(() => told.includes('join'));
        expect(await two.count('room')).to.equal(1);
        expect(await two.members('room')).to.deep.equal([{ id: '7' }]);
        tracked.unsubscribe();
        await until(() => told.includes('leave'));
        watched.unsubscribe();
        // What is closed with members takes them out.
        NEVER.pipe(two.track('hall', { id: '8' })).subscribe();
        await until(async () => (await one.count('hall')) === 1);
        await Promise.all([one.close(), two.close()]);
        expect(reports.list.map(({ error }) => String(error))).to.deep.equal([]);
        const refused = (await server.cli('ACL', 'LOG')).match(/(?<=^object\n).*/gm) ?? [];
        expect(refused.filter((command) => command !== 'client|setname')).to.deep.equal([]);
      } finally {
        reports.stop();
        await Promise.all([one.close(), two.close()]);
        for (const redis of clients) redis.disconnect();
      }
    });
  }
});
