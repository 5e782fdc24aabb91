import { expect } from 'chai';
import { map, of } from 'rxjs';
import sinon from 'sinon';
import {
  type BackpressureOperator,
  DataStore,
  type Encoder,
  fromPull,
  onBackpressureBuffer,
  onBackpressureLatest,
  onBackpressureReduce,
  QueueStore,
  type TickReport,
  toSink,
} from 'tornadose';
import { reported } from '../support/channels.ts';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';
import { allLogClientsLeave, LogClient } from '../support/LogClient.ts';

const lines: Encoder = { name: 'lines', encode: ({ data }) => `${data}\n`, heartbeat: '~\n' };

const transports: FakeTransport[] = [];

function client<T>(source: { pipe: QueueStore<T>['pipe'] }, backpressure?: BackpressureOperator<T>, encoder = lines) {
  const transport = new FakeTransport();
  transports.push(transport);
  source.pipe(toSink(transport, encoder, { backpressure, heartbeat: false }));
  return transport;
}

/** What was reported of all ticks of `act`, the one after it among them. */
async function ticksOf(act: () => unknown): Promise<TickReport[]> {
  return await reported<TickReport>('tick', async () => {
    await act();
    await endOfTick();
  });
}

/** Time that stands still, some time after the process began. */
function laterClock(): sinon.SinonFakeTimers {
  const clock = sinon.useFakeTimers({ toFake: ['performance'] });
  clock.tick(1000);
  return clock;
}

const sum = (reports: readonly TickReport[], what: 'writes' | 'events' | 'bytes'): number =>
  reports.reduce((all, report) => all + report[what], 0);

describe('tornadose:tick', () => {
  let clock: sinon.SinonFakeTimers | undefined;
  afterEach(() => {
    clock?.restore();
    clock = undefined;
    allLogClientsLeave();
    for (const transport of transports.splice(0)) transport.leave();
  });

  it('should tell once a tick and sink what was written', async () => {
    const store = new QueueStore<string>();
    const clients = [client(store), client(store), client(store, undefined, { ...lines, name: 'others' })];
    const reports = await ticksOf(() => {
      store.next('one');
      store.next('zwölf');
    });
    expect(clients.map(({ written }) => written.length)).to.deep.equal([1, 1, 1]);
    expect(reports.map(({ delays, ...sums }) => sums)).to.deep.equal([
      { sink: 'lines', writes: 2, events: 4, bytes: 22 },
      { sink: 'others', writes: 1, events: 2, bytes: 11 },
    ]);
    expect(reports.map(({ delays }) => delays.length)).to.deep.equal([2, 1]);
  });

  it('should count what one client alone gets, as it counts what all share', async () => {
    const reports = await ticksOf(() => {
      const store = new QueueStore<number>();
      client(store.pipe(map((n) => ({ toString: () => `number ${n}` }))));
      client(fromPull([1, 2, 3, 4]));
      client(of('a', 'b', 'c'));
      for (let n = 0; n < 10; n += 1) store.next(n);
    });
    expect(sum(reports, 'events')).to.equal(10 + 4 + 3);
    expect(sum(reports, 'bytes')).to.equal(transports.flatMap(({ written }) => written).join('').length);
  });

  it('should count everything once when the writes of a tick take several turns, and when a tick is more than a write', async () => {
    const store = new QueueStore<string>();
    const clients = Array.from({ length: 150 }, () => {
      const transport = client(store);
      const { write } = transport;
      transport.write = (bytes) => {
        const end = performance.now() + 0.2;
        while (performance.now() < end);
        return write.call(transport, bytes);
      };
      return transport;
    });
    const long = 'x'.repeat(50_000);
    const reports = await ticksOf(async () => {
      for (const value of [long, 'y', long]) store.next(value);
      while (clients.some(({ written }) => written.join('').length < 100_004)) await endOfTick();
    });
    expect(reports.length).to.be.greaterThan(1);
    expect(sum(reports, 'events')).to.equal(3 * 150);
    expect(sum(reports, 'bytes')).to.equal(100_004 * 150);
    expect(sum(reports, 'writes')).to.equal(clients.flatMap(({ written }) => written).length);
  });

  it('should count heartbeats and positions as bytes, not as events', async () => {
    const reports = await ticksOf(() => new LogClient(new QueueStore().since()));
    expect(reports).to.have.length(1);
    expect(reports[0]).to.include({ writes: 1, events: 0 });
    expect(reports[0]?.bytes).to.be.greaterThan(0);
    // When it was published says something, when a sign of life was due does not.
    expect(reports[0]?.delays).to.deep.equal([]);

    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const transport = new FakeTransport();
    transports.push(transport);
    new QueueStore<string>().pipe(toSink(transport, lines, { heartbeat: 1000 }));
    const beats = await ticksOf(() => clock?.tick(1500));
    expect(transport.written).to.deep.equal(['~\n']);
    expect(beats.map(({ delays, ...sums }) => sums)).to.deep.equal([{ sink: 'lines', writes: 1, events: 0, bytes: 2 }]);
  });

  const strategies: [string, BackpressureOperator<string>, string[], number][] = [
    ['a buffer', onBackpressureBuffer(), ['b', 'c'], 500],
    ['the newest', onBackpressureLatest(), ['c'], 300],
    ['what was merged', onBackpressureReduce((a, b) => a + b), ['bc'], 500],
  ];
  for (const [what, strategy, expected, delay] of strategies) {
    it(`should tell for how long ${what} has waited for a slow client`, async () => {
      clock = laterClock();
      const store = new QueueStore<string>();
      const quick = client(store);
      const slow = client(store, strategy);
      slow.takes = false;
      const before = await ticksOf(() => store.next('a'));
      expect(before[0]?.delays).to.deep.equal([0, 0]);
      const meanwhile = await ticksOf(async () => {
        store.next('b');
        clock?.tick(200);
        await endOfTick();
        store.next('c');
        await endOfTick();
        clock?.tick(300);
        slow.drain();
      });
      expect(quick.written).to.deep.equal(['a\n', 'b\n', 'c\n']);
      expect(slow.written.slice(1).join('')).to.equal(expected.map((line) => `${line}\n`).join(''));
      expect(meanwhile.map(({ delays }) => delays)).to.deep.equal([[200], [0], [delay]]);
    });
  }

  it('should not take the age of a value for its delay: a newcomer is given it now', async () => {
    clock = laterClock();
    const store = new DataStore<string>();
    const slow = client(store);
    slow.takes = false;
    const reports = await ticksOf(async () => {
      store.next('a');
      await endOfTick();
      // Held for the slow one, and so it has a time of its own.
      store.next('b');
      await endOfTick();
      clock?.tick(60_000);
      client(store);
    });
    expect(reports.map(({ delays }) => delays)).to.deep.equal([[0], [0]]);
  });

  it('should say nothing of what came before anybody listened, nor of a tick without a write', async () => {
    const store = new QueueStore<string>();
    const transport = client(store);
    transport.takes = false;
    store.next('a');
    await endOfTick();
    store.next('b');
    const held = await ticksOf(() => {});
    expect(held).to.deep.equal([]);
    const reports = await ticksOf(() => transport.drain());
    expect(reports).to.deep.equal([{ sink: 'lines', writes: 1, events: 1, bytes: 2, delays: reports[0]?.delays }]);
  });

  it('should count what a write brings about in the tick in which it is written', async () => {
    const store = new QueueStore<string>();
    const [first, second] = [client(store), client(store)];
    const { write } = second;
    second.write = (bytes) => {
      if (second.written.length === 0) store.next('again');
      return write.call(second, bytes);
    };
    const reports = await ticksOf(async () => {
      store.next('once');
      while (first.written.length < 2) await endOfTick();
    });
    // The first one had its write already.
    expect(reports.map(({ writes, events, bytes }) => [writes, events, bytes])).to.deep.equal([
      [3, 3, 16],
      [1, 1, 6],
    ]);
  });
});
