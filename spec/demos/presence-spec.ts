import { expect } from 'chai';
import { EventSource } from 'eventsource';
import type { PresenceChange, PresenceState } from 'tornadose';
import { RedisServer } from '../support/RedisServer.ts';
import { type Demo, startDemo, stopDemos } from './startDemo.ts';

interface Guest {
  readonly id: string;
  readonly name: string;
}

describe('demos/presence', () => {
  // Each starts processes.
  const sources: EventSource[] = [];

  afterEach(async () => {
    for (const source of sources.splice(0)) source.close();
    await stopDemos();
  });

  /** A page, and how to wait until it shows these names. */
  const open = ({ url }: Demo, id: string, name: string): { shows(...names: string[]): Promise<void> } => {
    const source = new EventSource(`${url}/stream?${new URLSearchParams({ id, name })}`);
    sources.push(source);
    const here = new Map<string, string>();
    let changed = (): void => {};
    source.addEventListener('presence', ({ data }) => {
      const change = JSON.parse(data) as PresenceState<Guest> | PresenceChange<Guest>;
      if (change.type === 'here') {
        here.clear();
        for (const member of change.members) here.set(member.id, member.name);
      } else if (change.type === 'leave') here.delete(change.id);
      else here.set(change.id, change.member.name);
      changed();
    });
    return {
      async shows(...names) {
        while ([...here.values()].sort().join() !== names.sort().join())
          await new Promise<void>((resolve) => (changed = resolve));
      },
    };
  };

  it('should show in each page who is here, with one line for all tabs of one', async () => {
    const demo = await startDemo('presence');
    expect(await (await fetch(demo.url)).text()).to.include('Who is in this room');
    expect((await fetch(`${demo.url}/stream?id=1&name=`)).status).to.equal(400);
    const ann = open(demo, '1', 'Ann');
    await ann.shows('Ann');
    const bob = open(demo, '2', 'Bob');
    await Promise.all([ann.shows('Ann', 'Bob'), bob.shows('Ann', 'Bob')]);
    open(demo, '1', 'Anna');
    await Promise.all([ann.shows('Anna', 'Bob'), bob.shows('Anna', 'Bob')]);
  });

  it('should answer whatever path it is asked for', async () => {
    const demo = await startDemo('presence');
    for (const path of ['//', '/?', '/stream?id=%', '/[?id=1&name=Ann'])
      expect((await fetch(demo.url + path)).status, path).to.equal(path.startsWith('/stream') ? 400 : 200);
  });

  it('should leave its guests in Redis for the linger when it is told to end', async () => {
    const server = await RedisServer.start();
    try {
      const demo = await startDemo('presence', { REDIS_URL: server.url });
      await open(demo, '1', 'Ann').shows('Ann');
      while ((await server.cli('HLEN', 'presence:room')) !== '4');
      expect(await demo.stop('SIGTERM')).to.equal(0);
      const [seconds, microseconds] = (await server.cli('TIME')).split('\n').map(Number) as [number, number];
      const lease = await server.cli('HGET', 'presence:room', 'l');
      // Without a word it would be believed for 5 to 7.5 s more.
      const now = seconds * 1_000 + microseconds / 1_000;
      expect(Number(lease.split(/[=:]/)[1]) - now).to.be.within(0, 4_000);
    } finally {
      await server.dispose();
    }
  });

  it('should be one room for all processes with a Redis', async () => {
    const server = await RedisServer.start();
    try {
      const [one, two] = await Promise.all([1, 2].map(() => startDemo('presence', { REDIS_URL: server.url })));
      const [ann, bob] = [open(one as Demo, '1', 'Ann'), open(two as Demo, '2', 'Bob')];
      await Promise.all([ann.shows('Ann', 'Bob'), bob.shows('Ann', 'Bob')]);
    } finally {
      await server.dispose();
    }
  });
});
