import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { NEVER, type Subscription } from 'rxjs';
import sinon from 'sinon';
import { Presence, TornadoseError, toEventSource } from 'tornadose';
import { ann, bob, connect, presenceContract, rosterOf, type User, watch } from '../contracts/presenceContract.ts';
import { closeServers, connect as open, readUntil, serve } from '../support/servers.ts';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

presenceContract('Presence', (options) => new Presence<User>(options));

describe('Presence', () => {
  afterEach(async () => {
    sinon.restore();
    await closeServers();
  });

  it('should refuse wrong options', () => {
    const wrong = [null, 7, { linger: -1 }, { linger: '1' }, { countInterval: 0 }, { lingers: 1 }];
    // What a timer cannot wait.
    wrong.push({ linger: 2 ** 31 }, { linger: Number.NaN }, { countInterval: 2 ** 31 });
    for (const options of wrong)
      expect(() => new Presence(options as never))
        .to.throw(TornadoseError)
        .with.property('code', 'ERR_INVALID_OPTION');
  });

  it('should tell at once, in memory', () => {
    const presence = new Presence<User>({ linger: 0 });
    const told = watch(presence, 'room');
    connect(presence, 'room', ann).unsubscribe();
    expect(told.map(({ type }) => type)).to.deep.equal(['here', 'join', 'leave']);
  });

  it('should have a member linger for 10 s, each for as long, unless it is told otherwise', async () => {
    const clock = sinon.useFakeTimers();
    const presence = new Presence<User>();
    const told = watch(presence, 'room');
    connect(presence, 'room', ann).unsubscribe();
    clock.tick(4_000);
    connect(presence, 'room', bob).unsubscribe();
    clock.tick(5_999);
    expect(rosterOf(told)).to.deep.equal([ann, bob]);
    clock.tick(1);
    expect(rosterOf(told)).to.deep.equal([bob]);
    const back = connect(presence, 'room', bob);
    clock.tick(60_000);
    expect(rosterOf(told)).to.deep.equal([bob]);
    back.unsubscribe();
    clock.tick(10_000);
    expect(rosterOf(told)).to.deep.equal([]);
    expect(clock.countTimers()).to.equal(0);
    await presence.close();
  });

  it('should show the client of a socket while it is connected, to a client that watches', async () => {
    const presence = new Presence<User>({ linger: 0 });
    const { port } = await serve((req, res) => {
      if (req.url === '/watch') void presence.of('room').pipe(toEventSource(res));
      else void NEVER.pipe(presence.track('room', ann), toEventSource(res));
    });
    const request = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
    const watching = await open(port, request('/watch'));
    let text = await readUntil(watching, 'data: {"type":"here","members":[],"count":0}\n\n');
    const socket = await open(port, request('/'));
    const join = 'event: presence\ndata: {"type":"join","id":"1","member":{"id":"1","name":"Ann"},"count":1}\n\n';
    text = await readUntil(watching, join, text);
    socket.destroy();
    await once(socket, 'close');
    await readUntil(watching, 'data: {"type":"leave","id":"1","member":{"id":"1","name":"Ann"},"count":0}\n\n', text);
    expect(await presence.count('room')).to.equal(0);
    await presence.close();
  });

  it('should keep nothing of topics that nobody is in and nobody watches', async () => {
    const presence = new Presence<User>({ linger: 0 });
    const visit = (from: number): void => {
      for (let n = from; n < from + 5_000; n += 1) {
        const [watching, connection] = [presence.of(`${n}`).subscribe(), connect(presence, `${n}`, ann)];
        (n % 2 === 0 ? watching : connection).unsubscribe();
        (n % 2 === 0 ? connection : watching).unsubscribe();
      }
    };
    visit(0);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    visit(5_000);
    collectGarbage();
    // A topic that stays takes half a kilobyte, and more while somebody watches.
    expect(process.memoryUsage().heapUsed - before).to.be.lessThan(1024 * 1024);
    await presence.close();
  });

  it('should hold no timer once it is closed', async () => {
    const clock = sinon.useFakeTimers();
    const presence = new Presence<User>({ linger: 50 });
    presence.counts('room').subscribe();
    connect(presence, 'room', ann).unsubscribe();
    expect(clock.countTimers()).to.equal(2);
    await presence.close();
    expect(clock.countTimers()).to.equal(0);
  });

  it('should tell everybody who watches what is so, whoever comes and goes, and whenever they come', () => {
    const user = fc.record({ id: fc.constantFrom('1', '2', '3'), name: fc.constantFrom('a', 'b') });
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('connect' as const), user }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('disconnect' as const), index: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('watch' as const) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const presence = new Presence<User>({ linger: 0 });
        const open: { id: string; connection: Subscription }[] = [];
        const model = new Map<string, User>();
        const watchers = [watch(presence, 'room')];
        for (const each of steps) {
          if (each.kind === 'watch') watchers.push(watch(presence, 'room'));
          else if (each.kind === 'connect') {
            model.set(each.user.id, each.user);
            open.push({ id: each.user.id, connection: connect(presence, 'room', each.user) });
          } else {
            const [gone] = open.splice(each.index, 1);
            gone?.connection.unsubscribe();
            if (gone !== undefined && !open.some(({ id }) => id === gone.id)) model.delete(gone.id);
          }
          const expected = [...model.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
          for (const told of watchers) expect(rosterOf(told)).to.deep.equal(expected);
        }
      }),
      { numRuns: 200 },
    );
  });
});
