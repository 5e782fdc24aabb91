import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import fc from 'fast-check';
import { filter, type Observable } from 'rxjs';
import sinon from 'sinon';
import {
  type Encoder,
  filterData,
  type Gap,
  type GapReason,
  type Message,
  QueueStore,
  type TickReport,
  TornadoseError,
  toSink,
} from 'tornadose';
import { eventStream } from '../../src/encoding/eventStream.ts';
import { webSocketFrames } from '../../src/encoding/webSocketText.ts';
import { logContract } from '../contracts/logContract.ts';
import { until } from '../redis/support/until.ts';
import { endOfTick as turn } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';
import { allLogClientsLeave, type Line, LogClient, lines } from '../support/LogClient.ts';
import { numbers } from '../support/numbers.ts';
import { thrown } from '../support/thrown.ts';

const client = (
  source: Observable<Message | Gap>,
  transport = new FakeTransport(),
  heartbeat: number | false = false,
): LogClient => new LogClient(source, { transport, heartbeat });

logContract('QueueStore', { make: () => new QueueStore({ history: { size: 5_000 } }) });

describe('QueueStore.since', () => {
  afterEach(allLogClientsLeave);

  it('should begin with what is retained where it is told to', async () => {
    const store = new QueueStore<number>({ history: { size: 3 } });
    for (const n of numbers(1, 5)) store.next(n);
    const newcomer = client(store.since(undefined, { otherwise: 'earliest' }));
    await turn();
    expect(newcomer.data).to.deep.equal([3, 4, 5]);
    expect(newcomer.received.some(({ event }) => event === 'gap')).to.equal(false);
  });

  it('should give those who come back together the same bytes, encoded once', async () => {
    const store = new QueueStore<string>({ history: { size: 2_000 } });
    let position: string | undefined;
    store.since().subscribe(({ id }) => {
      position ??= id;
    });
    let encoded = 0;
    const once: Encoder = {
      ...lines,
      encode: (message) => {
        encoded += 1;
        return lines.encode(message);
      },
    };
    for (const n of numbers(1, 1_025)) store.next(`${n}`.padEnd(100));
    const seen = numbers(1, 10).map(() => {
      const writes: Uint8Array[] = [];
      const transport = Object.assign(new FakeTransport(), { write: (bytes: Uint8Array) => writes.push(bytes) > 0 });
      store.since(position).pipe(toSink(transport, once, { heartbeat: false }));
      return { writes, transport };
    });
    const eventsIn = (writes: readonly Uint8Array[]): number => Buffer.concat(writes).toString().split('\n').length - 1;
    await until(() => seen.every(({ writes }) => eventsIn(writes) === 1_024));
    const [first = [], ...others] = seen.map(({ writes }) => writes);
    expect(eventsIn(first.filter((bytes) => others.every((writes) => writes.includes(bytes))))).to.be.at.least(768);
    expect(encoded).to.equal(1_024);
    for (const { transport } of seen) transport.leave();
  });

  it('should count what is replayed in the report of the tick, and how long each write has waited', async () => {
    const store = new QueueStore<number>();
    for (const n of numbers(1, 300)) store.next(n);
    const reports: TickReport[] = [];
    const note = (report: unknown): void => void reports.push(report as TickReport);
    await turn();
    subscribe('tornadose:tick', note);
    try {
      const back = client(store.since(undefined, { otherwise: 'earliest' }));
      await until(() => back.data.length === 300);
      const sum = (of: (report: TickReport) => number): number => reports.reduce((all, each) => all + of(each), 0);
      const { written } = back.transport;
      expect(sum(({ events }) => events)).to.equal(300);
      expect(sum(({ bytes }) => bytes)).to.equal(written.join('').length);
      expect(sum(({ writes }) => writes)).to.equal(written.length);
      expect(reports.flatMap(({ delays }) => delays).filter((delay) => delay >= 0 && delay < 1_000).length).to.equal(
        written.length,
      );
    } finally {
      unsubscribe('tornadose:tick', note);
    }
  });

  it('should go on when an encoder publishes what pushes out the message that it is asked for', async () => {
    const store = new QueueStore<number>({ history: { size: 64 } });
    for (const n of numbers(1, 64)) store.next(n);
    let published = false;
    const publishing: Encoder = {
      name: 'publishing',
      encode(message) {
        if (!published && message.event === undefined) {
          published = true;
          store.next(65);
          throw new Error('not this one');
        }
        return lines.encode(message);
      },
    };
    const transport = new FakeTransport();
    const events: string[] = [];
    store
      .since(undefined, { otherwise: 'earliest' })
      .pipe(toSink(transport, publishing, { heartbeat: false }))
      .subscribe(({ type }) => events.push(type));
    await turn();
    store.next(66);
    await turn();
    expect(published).to.equal(true);
    expect(transport.written.join('')).to.contain('too-far-behind').and.to.contain('"data":66');
    expect(events).to.deep.equal(['open']);
    transport.leave();
  });

  it('should give nothing more to a client that is closed by what was written before', async () => {
    for (const close of ['leave', 'abort'] as const) {
      const store = new QueueStore<string>();
      for (const n of numbers(1, 500)) store.next(`${n}`.padEnd(100));
      const transport = new FakeTransport();
      const aborting = new AbortController();
      const written: number[] = [];
      transport.write = (bytes) => {
        written.push(bytes.length);
        if (close === 'leave') transport.leave();
        else aborting.abort();
        return true;
      };
      const replay = store.since(undefined, { otherwise: 'earliest' });
      replay.pipe(toSink(transport, lines, { heartbeat: false, signal: aborting.signal })).subscribe();
      await turn();
      await turn();
      expect(written.length, close).to.equal(1);
      expect(store.observed).to.equal(false);
    }
  });

  describe('a position that cannot be honoured', () => {
    const gaps: [GapReason, (store: QueueStore<number>, position: string) => string][] = [
      [
        'trimmed',
        (store, position) => {
          for (const n of numbers(2, 10)) store.next(n);
          return position;
        },
      ],
      ['unknown-epoch', (_, position) => position.replace(/^./, (first) => (first === 'a' ? 'b' : 'a'))],
      ['malformed', (_, position) => position.replace(/[.].*/, '.zzz')],
    ];
    for (const [reason, spoil] of gaps) {
      for (const otherwise of ['live', 'earliest'] as const) {
        it(`should be answered with a gap first when it is ${reason}, and then what is ${otherwise}`, async () => {
          const store = new QueueStore<number>({ history: { size: 3 } });
          const first = client(store.since());
          store.next(1);
          await turn();
          const position = spoil(store, first.lastId as string);
          const retained = await earliest(store);
          const back = client(store.since(position, { otherwise }));
          store.next(99);
          await turn();
          const [gap, ...rest] = back.received;
          expect(gap).to.deep.include({ event: 'gap' });
          expect(gap?.data).to.deep.equal(reason === 'malformed' ? { reason } : { reason, from: position });
          expect(rest.map(({ data }) => data)).to.deep.equal(otherwise === 'live' ? [99] : [...retained, 99]);
        });
      }
    }

    /** What a newcomer would be given that wants what is retained. */
    async function earliest(store: QueueStore<number>): Promise<unknown[]> {
      const newcomer = client(store.since(undefined, { otherwise: 'earliest' }));
      await turn();
      newcomer.transport.leave();
      return newcomer.data;
    }

    it('should be told when it is too old', async () => {
      const clock = sinon.useFakeTimers({ toFake: ['performance'] });
      try {
        const store = new QueueStore<number>({ history: { ttl: 1_000 } });
        const first = client(store.since());
        for (const n of [1, 2]) store.next(n);
        await turn();
        const [, one] = first.received;
        clock.tick(500);
        const early = client(store.since(one?.id));
        clock.tick(500);
        const late = client(store.since(one?.id));
        await turn();
        expect(early.data).to.deep.equal([2]);
        expect(late.received.map(({ data }) => data)).to.deep.equal([{ reason: 'expired', from: one?.id }]);
      } finally {
        clock.restore();
      }
    });
  });

  it('should tell a client that was overtaken, and go on', async () => {
    for (const otherwise of ['live', 'earliest'] as const) {
      const store = new QueueStore<number>({ history: { size: 10 } });
      const transport = new FakeTransport();
      transport.takes = false;
      const slow = client(store.since(undefined, { otherwise }), transport);
      for (const n of numbers(1, 100)) {
        store.next(n);
        await turn();
      }
      transport.drain();
      await turn();
      store.next(101);
      await turn();
      const gap = slow.received.findIndex(({ event }) => event === 'gap');
      expect(slow.received[gap]?.data).to.deep.include({ reason: 'too-far-behind' });
      const after = slow.received.slice(gap + 1).map(({ data }) => data);
      expect(after).to.deep.equal(otherwise === 'live' ? [101] : numbers(91, 101));
    }
  });

  it('should tell a client behind a filter where it stands, with the heartbeat', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    try {
      const store = new QueueStore<number>({ history: { size: 50 } });
      const filtered = client(store.since().pipe(filterData(() => false)), new FakeTransport(), 1_000);
      for (const n of numbers(1, 100)) {
        store.next(n);
        clock.tick(100);
        await turn();
      }
      const back = client(store.since(filtered.lastId));
      await turn();
      expect(
        back.received.some(({ event }) => event === 'gap'),
        'a gap',
      ).to.equal(false);
    } finally {
      clock.restore();
    }
  });

  it('should encode a message once for all who follow, and for all who come back together', async () => {
    const store = new QueueStore<number>();
    let encoded = 0;
    const counting: Encoder = {
      name: 'counting',
      encode: (message) => {
        encoded += 1;
        return lines.encode(message);
      },
    };
    const connect = (position?: string) =>
      Array.from({ length: 10 }, () => {
        const transport = new FakeTransport();
        store
          .since(position)
          .pipe(
            filter(({ event }) => event !== 'none'),
            toSink(transport, counting, { heartbeat: false }),
          )
          .subscribe();
        return transport;
      });
    const [first] = connect();
    await turn();
    encoded = 0;
    const position = JSON.parse(first?.written[0] as string).id;
    for (const n of [1, 2, 3]) store.next(n);
    await turn();
    expect(encoded).to.equal(3);
    connect(position);
    await turn();
    expect(encoded).to.equal(6);
  });

  it('should make JSON of a value once: for the history, for those who follow and for all others', async () => {
    const store = new QueueStore<object>();
    let made = 0;
    const value = { toJSON: () => ({ made: ++made }) };
    const clients = [eventStream(), webSocketFrames()].flatMap((encoder) =>
      ([store.since(), store] as Observable<unknown>[]).map((source) => {
        const transport = new FakeTransport();
        source.pipe(toSink(transport, encoder, { heartbeat: false })).subscribe();
        return transport;
      }),
    );
    store.next(value);
    await turn();
    expect(made).to.equal(1);
    for (const { written } of clients) expect(written.join('')).to.contain('{"made":1}');
    store.next(value);
    await turn();
    for (const { written } of clients) expect(written.join('')).to.contain('{"made":2}');
  });

  it('should give those that come back after the end what they missed, and then the end', async () => {
    const store = new QueueStore<number>();
    const first = client(store.since());
    store.next(1);
    await turn();
    const position = first.lastId;
    store.next(2);
    store.complete();
    await turn();
    const missed = client(store.since(position));
    await turn();
    expect(missed.data).to.deep.equal([2]);
    expect(missed.transport.calls).to.deep.equal(['open', 'end complete']);
    const had = client(store.since(missed.lastId));
    await turn();
    expect(had.transport.calls, 'a 204').to.deep.equal(['end complete']);
    expect(first.events.at(-1)).to.deep.equal({ type: 'close', reason: 'complete' });
  });

  it('should let go of clients that leave, and know whether anybody is there', async () => {
    const store = new QueueStore<number>();
    const one = client(store.since());
    expect(store.observed).to.equal(true);
    one.transport.leave();
    expect(store.observed).to.equal(false);
  });

  it('should tell those who come back of what could not be retained, though others were sent it', async () => {
    const store = new QueueStore<unknown>();
    const first = client(store.since());
    for (const value of [1, 2n, 3]) store.next(value);
    await turn();
    const [, one] = first.received;
    const back = client(store.since(one?.id));
    await turn();
    expect(back.received.map(({ data }) => data)).to.deep.equal([{ reason: 'unserialisable' }, 3]);
  });

  it('should end those who do not come to the end in time', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const store = new QueueStore<string>();
      const transport = new FakeTransport();
      const slow = client(store.since(), transport);
      transport.takes = false;
      for (const n of numbers(1, 200)) store.next(`${n}`.padEnd(1_000));
      await turn();
      const closed = store.close();
      clock.tick(29_000);
      expect(slow.events.map(({ type }) => type)).to.deep.equal(['open']);
      clock.tick(1_000);
      await closed;
      await turn();
      expect(store.observed).to.equal(false);
      transport.drain();
      await turn();
      expect(slow.events.at(-1)).to.deep.equal({ type: 'close', reason: 'complete' });
    } finally {
      clock.restore();
    }
  });

  it('should refuse wrong options', () => {
    const store = new QueueStore<number>();
    const wrong: [() => unknown, string][] = [
      [() => store.since('a', { otherwise: 'latest' as 'live' }), 'otherwise'],
      [() => store.since('a', { other: 'live' } as object), 'other'],
      [() => store.since(7 as unknown as string), 'position'],
      [() => new QueueStore({ history: { size: 0 } }), 'history.size'],
      [() => new QueueStore({ history: { maxBytes: -1 } }), 'history.maxBytes'],
      [() => new QueueStore({ history: { ttl: 0 } }), 'history.ttl'],
      [() => new QueueStore({ size: 1 } as object), 'size'],
    ];
    for (const [make, option] of wrong) {
      const error = thrown(make);
      expect(TornadoseError.is(error, 'ERR_INVALID_OPTION') && error.option).to.equal(option);
    }
  });

  it('should lose nothing without a word, whoever comes, stalls, drains, is cut and comes back when', async () => {
    type Step =
      | { readonly do: 'publish'; readonly count: number }
      | { readonly do: 'stall' | 'drain' | 'reconnect'; readonly who: number }
      | { readonly do: 'turn' };
    const people = 4;
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({
        do: fc.constant('publish' as const),
        count: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 12 }) }, fc.integer({ min: 30, max: 400 })),
      }),
      fc.record({
        do: fc.constantFrom('stall' as const, 'drain' as const, 'reconnect' as const),
        who: fc.nat(people - 1),
      }),
      fc.record({ do: fc.constant('turn' as const) }),
    );
    const sizes = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 200, max: 1_000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), sizes, async (steps, size) => {
        const store = new QueueStore<number>({ history: { size } });
        let published = 0;
        // What each has seen over all of its connections.
        const logs: Line[][] = Array.from({ length: people }, () => []);
        const positions: (string | undefined)[] = [];
        const join = (who: number) => {
          // One that has not even got a position begins anew.
          if (positions[who] === undefined) logs[who]?.push({ event: 'gap', data: 'none' });
          return client(store.since(positions[who], { otherwise: 'earliest' }));
        };
        const present = logs.map((_, who) => join(who));
        const leave = (who: number): void => {
          const { transport, received, lastId } = present[who] as LogClient;
          transport.leave();
          logs[who]?.push(...received);
          positions[who] = lastId ?? positions[who];
        };
        for (const each of steps) {
          if (each.do === 'publish') {
            for (const n of numbers(published + 1, published + each.count)) store.next(n);
            published += each.count;
          } else if (each.do === 'turn') await turn();
          else if (each.do === 'stall') (present[each.who] as LogClient).transport.takes = false;
          else if (each.do === 'drain') present[each.who]?.transport.drain();
          else {
            leave(each.who);
            present[each.who] = join(each.who);
          }
        }
        for (const { transport } of present) transport.drain();
        await turn();
        await turn();
        for (const who of logs.keys()) leave(who);
        for (const log of logs) {
          let last = 0;
          let mayMiss = false;
          for (const { event, data } of log) {
            if (event === 'gap') mayMiss = true;
            if (event !== undefined) continue;
            if (!mayMiss) expect(data).to.equal(last + 1);
            expect(data).to.be.greaterThan(last);
            last = data as number;
            mayMiss = false;
          }
          expect(last).to.equal(published);
        }
      }),
      { numRuns: 300 },
    );
  });
});
