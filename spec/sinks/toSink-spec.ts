import diagnostics from 'node:diagnostics_channel';
import { expect } from 'chai';
import {
  EMPTY,
  finalize,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  observeOn,
  of,
  queueScheduler,
  Subject,
  tap,
  throttleTime,
  throwError,
} from 'rxjs';
import sinon from 'sinon';
import {
  type BackpressureOperator,
  type ConnectionEvent,
  DataStore,
  type Encoder,
  type ErrorReport,
  Gate,
  onBackpressureBuffer,
  QueueStore,
  type SinkOptions,
  TornadoseError,
  toSink,
} from 'tornadose';
import { reported } from '../support/channels.ts';
import { endOfTick as turn } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';

const lines: Encoder = { name: 'lines', encode: ({ data }) => `${JSON.stringify(data)}\n`, heartbeat: '~\n' };
const leaving: FakeTransport[] = [];

/** A client of the source, until the end of the spec. */
function sink<T>(source: Observable<T>, options: SinkOptions<T> = {}, transport = new FakeTransport()) {
  const events: ConnectionEvent[] = [];
  leaving.push(transport);
  const connection = source.pipe(toSink(transport, lines, options));
  connection.subscribe((event) => events.push(event));
  return { transport, events, connection };
}

describe('toSink', () => {
  it('should not keep those who are there waiting while many come at once', () => {
    const store = new QueueStore<number>();
    const first = new FakeTransport();
    const others: FakeTransport[] = [];
    store.pipe(toSink(first, lines));
    store.next(1);
    // All of them come in one turn of the event loop.
    for (const ends = performance.now() + 20; performance.now() < ends; ) {
      const other = new FakeTransport();
      others.push(other);
      store.pipe(toSink(other, lines));
    }
    const written = [...first.written];
    for (const transport of [first, ...others]) transport.leave();
    expect(written).to.have.length(1);
  });

  afterEach(() => {
    for (const transport of leaving.splice(0)) transport.leave();
  });

  it('should write nothing where an encoder makes nothing of a value', async () => {
    const store = new QueueStore<number>();
    const transport = new FakeTransport();
    const odd: Encoder = { name: 'odd', encode: ({ data }) => (Number(data) % 2 === 1 ? `${data}` : '') };
    const events: ConnectionEvent[] = [];
    store.pipe(toSink(transport, odd)).subscribe((event) => events.push(event));
    store.next(2);
    await turn();
    expect(transport.written).to.deep.equal([]);
    for (const value of [3, 4, 5]) store.next(value);
    await turn();
    expect(transport.written).to.deep.equal(['35']);
    expect(events).to.deep.equal([{ type: 'open' }]);
    transport.leave();
  });

  it('should end once, though a write throws after the source has completed', async () => {
    const store = new QueueStore<number>();
    const transport = new FakeTransport();
    transport.write = () => {
      throw new Error('broken');
    };
    const { events } = sink(store, {}, transport);
    store.next(1);
    store.complete();
    await turn();
    await turn();
    expect(transport.calls).to.deep.equal(['open', 'destroy error']);
    expect(events.filter(({ type }) => type === 'close')).to.have.length(1);
  });

  it('should end every client, though what the application tears down for one of them throws', async () => {
    for (const end of ['complete', 'abort'] as const) {
      const store = new QueueStore<number>();
      const abort = new AbortController();
      const broken = store.pipe(
        finalize(() => {
          throw new Error('broken');
        }),
      );
      const clients = [broken, store, store].map((source) => sink(source, { signal: abort.signal }));
      if (end === 'complete') store.complete();
      else abort.abort();
      await turn();
      for (const { events } of clients) {
        expect(events.at(-1)).to.deep.equal({ type: 'close', reason: end === 'complete' ? 'complete' : 'signal' });
      }
    }
  });

  it('should take a subscribe function that returns null, as RxJS does', async () => {
    const source = new Observable<string>((subscriber) => {
      subscriber.next('a');
      return null as never;
    });
    const { transport, events } = sink(source);
    await turn();
    expect(transport.written).to.deep.equal(['"a"\n']);
    expect(events).to.deep.equal([{ type: 'open' }]);
  });

  it('should take a transport that has methods of other names, too', () => {
    const store = new QueueStore<number>();
    const transport = Object.assign(new FakeTransport(), { listen() {}, writeBatch: () => false });
    const { events } = sink(store, {}, transport);
    transport.leave();
    expect(events.at(-1)).to.deep.equal({ type: 'close', reason: 'client' });
    expect(store.observed).to.equal(false);
  });

  it('should not subscribe for a client that is gone already', () => {
    const store = new QueueStore<number>();
    const transport = new FakeTransport();
    transport.onClose = (closed) => closed();
    const { events } = sink(store, {}, transport);
    expect(events).to.deep.equal([{ type: 'close', reason: 'client' }]);
    expect(store.observed).to.equal(false);
  });

  it('should open before it writes, and write once a tick what the tick brought', async () => {
    const store = new QueueStore<number>();
    const { transport } = sink(store);
    store.next(1);
    store.next(2);
    expect(transport.calls).to.deep.equal(['open']);
    expect(transport.written).to.deep.equal([]);
    await turn();
    store.next(3);
    await turn();
    expect(transport.written).to.deep.equal(['1\n2\n', '3\n']);
  });

  it('should give clients that got the same one buffer, and the others their own', async () => {
    const store = new QueueStore<number>();
    const buffers: Uint8Array[][] = [[], [], []];
    buffers.forEach((taken, index) => {
      const transport = new FakeTransport();
      leaving.push(transport);
      transport.write = (bytes) => taken.push(bytes) > 0;
      store
        .pipe(index === 2 ? map((n) => n * 10) : map((n) => n))
        .pipe(toSink(transport, lines))
        .subscribe();
    });
    store.next(1);
    store.next(2);
    await turn();
    expect(buffers[0]?.[0]).to.equal(buffers[1]?.[0]);
    expect(new TextDecoder().decode(buffers[2]?.[0])).to.equal('10\n20\n');
  });

  it('should end without opening when the source ends at once, and after the rest when it ends later', async () => {
    expect(sink(EMPTY).transport.calls).to.deep.equal(['end complete']);
    expect(sink(throwError(() => new Error('no'))).transport.calls).to.deep.equal(['end error']);
    const { transport } = sink(of(1, 2));
    await turn();
    expect(transport.calls).to.deep.equal(['open', 'end complete']);
    expect(transport.written).to.deep.equal(['1\n2\n']);
  });

  it('should wait with the end for a client that is still taking the rest', async () => {
    const source = new Subject<number>();
    const { transport, events } = sink(source);
    transport.takes = false;
    source.next(1);
    await turn();
    source.next(2);
    source.complete();
    await turn();
    expect(transport.calls).to.deep.equal(['open']);
    transport.drain();
    await turn();
    expect(transport.written).to.deep.equal(['1\n', '2\n']);
    expect(transport.calls).to.deep.equal(['open', 'end complete']);
    expect(events.at(-1)).to.deep.equal({ type: 'close', reason: 'complete' });
  });

  it('should take a false answer for what it is only when something waits', async () => {
    const store = new QueueStore<number>();
    const { transport, events } = sink(store);
    transport.write = (bytes) => {
      transport.written.push(new TextDecoder().decode(bytes));
      return false;
    };
    store.next(1);
    await turn();
    store.next(2);
    await turn();
    expect(transport.written).to.deep.equal(['1\n', '2\n']);
    expect(events).to.deep.equal([{ type: 'open' }]);
  });

  it('should end the client whose operator throws, and nobody else', async () => {
    const store = new QueueStore<number>();
    const clients = Array.from({ length: 100 }, (_, index) =>
      sink(
        store.pipe(
          map((n) => {
            if (index === 50 && n === 2) throw new Error('client 50');
            return n;
          }),
        ),
      ),
    );
    for (const n of [1, 2, 3]) store.next(n);
    await turn();
    for (const [index, { transport, events }] of clients.entries()) {
      expect(transport.written).to.deep.equal([index === 50 ? '1\n' : '1\n2\n3\n']);
      expect(events.length).to.equal(index === 50 ? 2 : 1);
    }
    expect(clients[50]?.events[1]).to.have.nested.property('error.message', 'client 50');
    expect(store.observers).to.have.length(99);
    const late = sink(store);
    store.next(4);
    await turn();
    expect(late.transport.written).to.deep.equal(['4\n']);
  });

  it('should tell every client of an error of the source, and refuse nobody else’s store', async () => {
    const store = new QueueStore<number>();
    const [one, two] = [sink(store), sink(store)];
    const error = new Error('the feed is gone');
    store.next(1);
    store.error(error);
    await turn();
    for (const { transport, events } of [one, two]) {
      expect(transport.written).to.deep.equal(['1\n']);
      expect(events.at(-1)).to.deep.equal({ type: 'close', reason: 'error', error });
    }
    expect(sink(store).transport.calls).to.deep.equal(['end error']);
  });

  it('should survive a transport that throws', async () => {
    const store = new QueueStore<number>();
    const broken = new FakeTransport();
    broken.write = () => {
      throw new Error('broken pipe');
    };
    const first = sink(store, {}, broken);
    const second = sink(store);
    store.next(1);
    await turn();
    expect(second.transport.written).to.deep.equal(['1\n']);
    expect(first.events.at(-1)).to.have.nested.property('error.message', 'broken pipe');
    expect(broken.calls).to.deep.equal(['open', 'destroy error']);
    expect(store.observers).to.have.length(1);
  });

  it('should tell of the close of a transport of which everything throws', async () => {
    const store = new QueueStore<number>();
    const broken = new FakeTransport();
    broken.write =
      broken.end =
      broken.destroy =
        () => {
          throw new Error('broken');
        };
    const { events } = sink(store, {}, broken);
    store.next(1);
    await turn();
    expect(events.at(-1)).to.deep.include({ type: 'close', reason: 'error' });
    expect(store.observed).to.equal(false);
  });

  it('should report what cannot be sent once an emission, and tell every client', async () => {
    const reports: ErrorReport[] = [];
    const listen = (message: unknown): void => void reports.push(message as ErrorReport);
    diagnostics.subscribe('tornadose:error', listen);
    const store = new QueueStore<unknown>();
    const clients = [sink(store), sink(store), sink(store)];
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    for (const value of [
      10n,
      cycle,
      {
        toJSON: () => {
          throw new Error('no JSON');
        },
      },
    ])
      store.next(value);
    store.next('fine');
    await turn();
    diagnostics.unsubscribe('tornadose:error', listen);
    expect(reports).to.have.length(3);
    for (const { during, error } of reports) {
      expect(during).to.equal('encode');
      expect(error).to.have.property('code', 'ERR_UNSERIALISABLE');
    }
    for (const { transport, events } of clients) {
      expect(transport.written).to.deep.equal(['"fine"\n']);
      expect(events.at(-1)).to.deep.equal({ type: 'drop', reason: 'unserialisable', count: 3, bytes: 0 });
    }
  });

  it('should tell each drop once to one that begins to watch while it is told', async () => {
    const source = new Subject<unknown>();
    const { connection } = sink(source);
    const seen: ConnectionEvent[] = [];
    connection.subscribe(({ type }) => {
      if (type === 'drop') connection.subscribe((event) => seen.push(event));
    });
    source.next(() => {});
    await turn();
    const drop: ConnectionEvent = { type: 'drop', reason: 'unserialisable', count: 1, bytes: 0 };
    expect(seen).to.deep.equal([{ type: 'open' }, drop]);
  });

  it('should tell of all connections and drops on the diagnostics channels', async () => {
    const seen: unknown[] = [];
    const listen = (message: unknown): void => void seen.push(message);
    const names = ['tornadose:connection', 'tornadose:drop'];
    for (const name of names) diagnostics.subscribe(name, listen);
    const source = new Subject<unknown>();
    const { transport } = sink(source);
    source.next(() => {});
    await turn();
    transport.leave();
    for (const name of names) diagnostics.unsubscribe(name, listen);
    expect(seen).to.deep.equal([
      { sink: 'lines', event: { type: 'open' } },
      { sink: 'lines', event: { type: 'drop', reason: 'unserialisable', count: 1, bytes: 0 } },
      { sink: 'lines', event: { type: 'close', reason: 'client' } },
    ]);
  });

  it('should unsubscribe from a source that goes on while it is subscribed', () => {
    const transport = new FakeTransport();
    let emitted = 0;
    const endless = new Observable<number>((subscriber) => {
      for (; emitted < 1e6 && !subscriber.closed; emitted += 1) subscriber.next(emitted);
    });
    transport.takes = false;
    const { events } = sink(endless, {}, transport);
    expect(events.at(-1)).to.deep.include({ type: 'close', reason: 'overflow' });
    expect(emitted).to.be.lessThan(1e6);
  });

  describe('with a strategy of one’s own', () => {
    it('should tell it whether the client can take more, and take what it emits', async () => {
      const told: boolean[] = [];
      const own: BackpressureOperator<number> = (ready) => (source) =>
        new Observable((subscriber) => {
          subscriber.add(ready.subscribe((now) => told.push(now)));
          return source.pipe(map((n) => n * 2)).subscribe(subscriber);
        });
      const source = new Subject<number>();
      const { transport } = sink(source, { backpressure: own });
      transport.takes = false;
      source.next(1);
      await turn();
      transport.drain();
      source.next(2);
      await turn();
      expect(told).to.deep.equal([true, false, true]);
      expect(transport.written).to.deep.equal(['2\n', '4\n']);
    });

    it('should tell it the size of a value and what waits behind it, and pass on what it dropped', async () => {
      const sizes: number[] = [];
      const own: BackpressureOperator<string> = (_ready, outlet) =>
        tap((value) => {
          sizes.push(outlet?.bytesOf(value) ?? -1, outlet?.waiting ?? -1);
          if (value === 'b') outlet?.dropped(value, 'dull');
        });
      const source = new Subject<string>();
      const { events } = sink(source, { backpressure: own });
      source.next('a');
      source.next('b');
      await turn();
      expect(sizes).to.deep.equal([4, 0, 4, 4]);
      expect(events.at(-1)).to.deep.equal({ type: 'drop', reason: 'dull', count: 1, bytes: 4 });
    });

    it('should send what a value was when it was emitted, however long the strategy keeps it', async () => {
      const kept: object[] = [];
      let release = (): void => {};
      const own: BackpressureOperator<object> = () => (source) =>
        new Observable((subscriber) => {
          release = () => {
            for (const value of kept) subscriber.next(value);
          };
          return source.subscribe((value) => void kept.push(value));
        });
      const store = new QueueStore<{ n: number }>();
      const { transport } = sink(store as QueueStore<object> & typeof store, { backpressure: own });
      const value = { n: 1 };
      store.next(value);
      value.n = 2;
      release();
      await turn();
      expect(transport.written).to.deep.equal(['{"n":1}\n']);
    });

    it('should bound what it emits to a client that cannot take it', async () => {
      const careless: BackpressureOperator<string> = () => (source) => source;
      const store = new QueueStore<string>();
      const { transport, events } = sink(store, { backpressure: careless });
      transport.takes = false;
      for (let n = 0; n < 3_000 && store.observed; n += 1) {
        store.next('x'.repeat(1000));
        await turn();
      }
      expect(events.at(-1)).to.deep.include({ type: 'close', reason: 'overflow' });
      expect(transport.waiting).to.be.lessThan(1100 * 1024);
    });

    it('should send all of a tick that a quick client takes, whatever its size, as a built-in strategy does', async () => {
      const wrapped: BackpressureOperator<string> = (ready, outlet) => onBackpressureBuffer<string>()(ready, outlet);
      const store = new QueueStore<string>();
      const { transport, events } = sink(store, { backpressure: wrapped });
      const values = Array.from({ length: 200 }, (_, n) => `${n}:`.padEnd(10_000, 'x'));
      for (const value of values) store.next(value);
      await turn();
      expect(transport.written.join('')).to.equal(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
      expect(events).to.deep.equal([{ type: 'open' }]);
    });

    it('should work with operators of RxJS that keep time', () => {
      const clock = sinon.useFakeTimers();
      try {
        const store = new QueueStore<number>();
        const { transport } = sink(store, {
          backpressure: () => throttleTime(100, undefined, { leading: true, trailing: true }),
        });
        for (const n of [1, 2, 3]) store.next(n);
        clock.tick(1);
        expect(transport.written).to.deep.equal(['1\n']);
        clock.tick(200);
        expect(transport.written).to.deep.equal(['1\n', '3\n']);
      } finally {
        clock.restore();
      }
    });

    it('should end the client with the error of a strategy that throws', () => {
      const { events } = sink(NEVER, {
        backpressure: () => {
          throw new Error('no strategy');
        },
      });
      expect(events.at(-1)).to.have.nested.property('error.message', 'no strategy');
    });
  });

  describe('time', () => {
    let clock: sinon.SinonFakeTimers;
    beforeEach(() => {
      clock = sinon.useFakeTimers();
    });
    afterEach(() => {
      for (const transport of leaving.splice(0)) transport.leave();
      clock.restore();
    });

    it('should send the heartbeat after a silence only', () => {
      const store = new QueueStore<number>();
      const { transport } = sink(store, { heartbeat: 1000 });
      clock.tick(800);
      store.next(1);
      clock.tick(900);
      expect(transport.written).to.deep.equal(['1\n']);
      clock.tick(300);
      expect(transport.written).to.deep.equal(['1\n', '~\n']);
      clock.tick(2300);
      expect(transport.written).to.deep.equal(['1\n', '~\n', '~\n', '~\n']);
    });

    it('should send no heartbeat to a client that has something to take already, and none when it is off', () => {
      const store = new QueueStore<number>();
      const { transport } = sink(store, { heartbeat: 1000 });
      const off = sink(store, { heartbeat: false }).transport;
      transport.takes = false;
      store.next(1);
      clock.tick(10_000);
      expect(transport.written).to.deep.equal(['1\n']);
      expect(off.written).to.deep.equal(['1\n']);
      transport.leave();
      off.leave();
    });

    it('should give up a client that cannot be asked for a sign of life, and ask the others', () => {
      const asked: string[] = [];
      const [bad, good] = [new FakeTransport(), new FakeTransport()];
      Object.assign(bad, {
        heartbeat() {
          throw new Error('no pulse');
        },
      });
      Object.assign(good, { heartbeat: () => asked.push('good') > 0 });
      const first = sink(NEVER, { heartbeat: 1000 }, bad);
      sink(NEVER, { heartbeat: 1000 }, good);
      clock.tick(3500);
      expect(first.events.at(-1)).to.have.nested.property('error.message', 'no pulse');
      expect(asked.length).to.be.greaterThan(1);
    });

    it('should send nothing after the authorisation is over, however late the timer is', () => {
      const store = new QueueStore<number>();
      const { transport } = sink(store, { expires: new Date(Date.now() + 2900), heartbeat: false });
      for (let n = 1; n <= 40; n += 1) {
        clock.tick(100);
        store.next(n);
      }
      clock.tick(1);
      expect(transport.written.at(-1)).to.equal('28\n');
      expect(transport.calls).to.deep.equal(['open', 'end expired']);
    });

    it('should not tell the end to one whose authorisation is over before it got all', () => {
      const source = new Subject<number>();
      const { transport, events } = sink(source, { expires: new Date(Date.now() + 1000), heartbeat: false });
      transport.takes = false;
      source.next(1);
      clock.tick(1);
      source.next(2);
      source.complete();
      clock.tick(2000);
      transport.drain();
      clock.tick(1);
      expect(transport.written).to.deep.equal(['1\n']);
      expect(transport.calls).to.deep.equal(['open', 'end expired']);
      expect(events.at(-1)).to.deep.equal({ type: 'close', reason: 'expired' });
    });

    it('should keep one timer for all clients, and none when they are gone', () => {
      const before = clock.countTimers();
      const sinks = Array.from({ length: 100 }, () => sink(NEVER, { heartbeat: 5000, maxAge: 60_000 }));
      clock.tick(1);
      expect(clock.countTimers() - before).to.equal(1);
      for (const { transport } of sinks) transport.leave();
      expect(clock.countTimers()).to.equal(before);
    });

    it('should spread the ages of clients, so that they do not come back all at once', () => {
      const sinks = Array.from({ length: 200 }, () => sink(NEVER, { maxAge: 10_000, heartbeat: false }));
      const ended = (): number => sinks.filter(({ transport }) => transport.calls.length > 1).length;
      clock.tick(7_900);
      expect(ended()).to.equal(0);
      clock.tick(1_100);
      expect(ended()).to.be.within(1, 199);
      clock.tick(1_300);
      expect(ended()).to.equal(200);
      for (const { transport } of sinks) transport.leave();
    });

    it('should wait for a date that is further away than a timer can wait', () => {
      const expires = Date.now() + 40 * 24 * 3600 * 1000;
      const { transport } = sink(NEVER, { expires: new Date(expires), heartbeat: false });
      clock.tick(39 * 24 * 3600 * 1000);
      expect(transport.calls).to.deep.equal(['open']);
      clock.tick(24 * 3600 * 1000 + 300);
      expect(transport.calls).to.deep.equal(['open', 'end expired']);
      transport.leave();
    });

    it('should give up on a client that takes nothing more of the end, and wait for one that does', () => {
      const source = new Subject<number>();
      const [gone, slow] = [sink(source), sink(source)];
      for (const { transport } of [gone, slow]) transport.takes = false;
      source.next(1);
      clock.tick(1);
      source.next(2);
      slow.transport.waiting = 1000;
      source.complete();
      for (let n = 1; n <= 5; n += 1) {
        slow.transport.waiting -= 100;
        clock.tick(30_300);
        // At the first look: it has taken nothing since it was told.
        expect(gone.transport.calls).to.deep.equal(['open', 'destroy timeout']);
      }
      expect(gone.transport.calls).to.deep.equal(['open', 'destroy timeout']);
      expect(gone.events.at(-1)).to.deep.equal({ type: 'close', reason: 'timeout' });
      expect(slow.transport.calls).to.deep.equal(['open']);
      slow.transport.drain();
      clock.tick(1);
      expect(slow.transport.calls).to.deep.equal(['open', 'end complete']);
      slow.transport.leave();
    });
  });

  it('should let go of the source and of its values when the client leaves', async () => {
    const store = new DataStore({ big: 'x'.repeat(1000) });
    const { transport, events, connection } = sink(store.pipe(observeOn(queueScheduler)));
    transport.leave(new Error('ECONNRESET'));
    await turn();
    expect(store.observed).to.equal(false);
    expect(transport.written).to.deep.equal([]);
    expect(events.at(-1)).to.have.nested.property('error.message', 'ECONNRESET');
    expect(await lastValueFrom(connection)).to.equal(events.at(-1));
  });

  it('should close once when letting go of the source closes the transport', async () => {
    for (const end of ['drain', 'write', 'leave'] as const) {
      const gate = new Gate();
      const transport = new FakeTransport();
      const source = new Subject<number>();
      transport.write = () => {
        throw new Error('It broke');
      };
      const reports = await reported<{ readonly event: ConnectionEvent }>('connection', async () => {
        sink(source.pipe(finalize(() => transport.leave())), { gate }, transport);
        if (end === 'drain') await gate.drain({ over: 0 });
        else if (end === 'leave') transport.leave();
        else source.next(1);
        await turn();
      });
      expect(reports.map(({ event }) => event.type)).to.deep.equal(['open', 'close'], end);
      expect(transport.calls).to.deep.equal(['open'], end);
      expect(gate.size).to.equal(0);
    }
  });

  it('should refuse what is no transport or encoder', () => {
    expect(() => toSink({} as never, lines)).to.throw(
      TornadoseError,
      'Expected `transport.write` to be a function, got `undefined` (undefined)',
    );
    const { waiting: _, ...unmeasured } = new FakeTransport();
    const methods = { write: () => true, onDrain() {}, onClose() {}, end() {}, destroy() {} };
    expect(() => toSink({ ...methods, ...unmeasured } as never, lines)).to.throw(
      TornadoseError,
      '`transport.waiting` to be a number of bytes',
    );
    expect(() => toSink(new FakeTransport(), { name: 'x' } as never)).to.throw(TornadoseError, '`encoder.encode`');
  });
});
