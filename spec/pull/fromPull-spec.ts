import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import {
  concat,
  concatMap,
  delay,
  filter,
  firstValueFrom,
  lastValueFrom,
  map,
  merge,
  of,
  repeat,
  Subject,
  switchMap,
  take,
  toArray,
} from 'rxjs';
import {
  type ConnectionEvent,
  type Encoder,
  fromPull,
  type Pullable,
  TornadoseError,
  toEventSource,
  toSink,
} from 'tornadose';
import { waitingIn } from '../../src/sinks/internals.ts';
import { reported } from '../support/channels.ts';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';
import { closeServers, connect, readUntil, serve } from '../support/servers.ts';

const lines: Encoder = { name: 'lines', encode: ({ data }) => `${JSON.stringify(data)}\n` };

/** Numbers from 0, and how many were taken. */
function counted(end = Number.POSITIVE_INFINITY) {
  const state = { taken: 0, returned: 0 };
  function* numbers(): Generator<number> {
    try {
      for (; state.taken < end; ) yield state.taken++;
    } finally {
      state.returned += 1;
    }
  }
  return { state, numbers: numbers() };
}

describe('fromPull', () => {
  afterEach(closeServers);

  const sources: [string, () => Pullable<number>][] = [
    ['an iterable', () => [1, 2, 3]],
    [
      'a generator',
      () =>
        (function* () {
          yield* [1, 2, 3];
        })(),
    ],
    [
      'an async generator',
      () =>
        (async function* () {
          yield* [1, 2, 3];
        })(),
    ],
    [
      'a ReadableStream',
      () =>
        new ReadableStream({
          start(c) {
            for (const n of [1, 2, 3]) c.enqueue(n);
            c.close();
          },
        }),
    ],
  ];
  for (const [what, source] of sources) {
    it(`should emit what ${what} gives, and its end`, async () => {
      expect(await lastValueFrom(fromPull(source()).pipe(toArray()))).to.deep.equal([1, 2, 3]);
    });

    it(`should send all of ${what} to a client`, async () => {
      const { url } = await serve((_req, res) => void fromPull(source()).pipe(toEventSource(res)));
      expect(await (await fetch(url)).text()).to.equal('data: 1\n\ndata: 2\n\ndata: 3\n\nevent: end\ndata:\n\n');
    });
  }

  it('should take no more than a client can, through operators, and go on when it can', async () => {
    const { state, numbers } = counted();
    const transport = new FakeTransport();
    transport.takes = false;
    fromPull(numbers)
      .pipe(
        filter((n) => n % 2 === 0),
        map((n) => `${n}:`.padEnd(1000, 'x')),
        toSink(transport, lines),
      )
      .subscribe();
    await endOfTick();
    const { taken } = state;
    // A busy machine ends the turn sooner.
    expect(taken).to.be.within(1, 200);
    await endOfTick();
    expect(state.taken).to.equal(taken);
    expect(transport.waiting).to.be.within(1, 67 * 1024);
    transport.takes = true;
    transport.drain();
    await endOfTick();
    expect(state.taken).to.be.greaterThan(taken);
    transport.leave();
    expect(state.returned).to.equal(1);
  });

  it('should send a million values to one client, in order, with a bounded amount waiting', async () => {
    const total = 1_000_000;
    let most = 0;
    const { port } = await serve((_req, res) => {
      const { numbers } = counted(total);
      const values = fromPull(numbers).pipe(
        map((n) => {
          if (n % 1000 === 0) most = Math.max(most, waitingIn(res.socket as Socket));
          return n;
        }),
      );
      void values.pipe(toEventSource(res));
    });
    const socket = await connect(port, 'GET / HTTP/1.1\r\nHost: spec\r\n\r\n');
    let expected = 0;
    let rest = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() as string;
      for (const part of parts) if (part === `data: ${expected}`) expected += 1;
    });
    while (expected < total) await once(socket, 'data');
    expect(expected).to.equal(total);
    expect(most).to.be.lessThan(256 * 1024);
  });

  const chains: [string, (client: { rows: () => Pullable<string> }) => ReturnType<typeof fromPull<string>>][] = [
    ['concat', ({ rows }) => concat(of('first'), fromPull(rows()))],
    [
      'repeat',
      ({ rows }) =>
        fromPull({ [Symbol.iterator]: () => (rows() as Iterable<string>)[Symbol.iterator]() }).pipe(repeat(3)),
    ],
    ['concatMap over another one', ({ rows }) => fromPull([1, 2, 3]).pipe(concatMap(() => fromPull(rows())))],
    [
      'switchMap over what comes later',
      ({ rows }) =>
        of(1).pipe(
          delay(1),
          switchMap(() => fromPull(rows())),
        ),
    ],
    ['take', ({ rows }) => fromPull(rows()).pipe(take(100_000))],
  ];
  for (const [name, chain] of chains) {
    it(`should find the client through ${name}`, async () => {
      const { port } = await serve((_req, res) => {
        const rows = function* (): Generator<string> {
          for (;;) {
            taken += 1;
            yield 'x'.repeat(1000);
          }
        };
        chain({ rows })
          .pipe(toEventSource(res))
          .subscribe((event) => events.push(event));
      });
      let taken = 0;
      const events: ConnectionEvent[] = [];
      const socket = await connect(port, 'GET / HTTP/1.1\r\nHost: spec\r\n\r\n');
      await readUntil(socket, 'xxx');
      socket.pause();
      // A client that runs freely would have been ended after 1 MiB more than the kernel takes.
      let before = -1;
      for (let still = 0; still < 50; still = taken === before ? still + 1 : 0) {
        before = taken;
        await endOfTick();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(taken).to.be.greaterThan(0);
      expect(events).to.deep.equal([{ type: 'open' }]);
      socket.destroy();
    });
  }

  it('should give two sources of one client their turns', async () => {
    const [one, two] = [counted(), counted()];
    const transport = new FakeTransport();
    const long = map((n: number) => `${n}:`.padEnd(1000, 'x'));
    merge(fromPull(one.numbers).pipe(long), fromPull(two.numbers).pipe(long))
      .pipe(toSink(transport, lines))
      .subscribe();
    for (let n = 0; n < 10; n += 1) await endOfTick();
    expect(one.state.taken).to.be.greaterThan(100);
    expect(two.state.taken).to.be.greaterThan(100);
    transport.leave();
    expect([one.state.returned, two.state.returned]).to.deep.equal([1, 1]);
  });

  it('should let the event loop turn, though nothing that it gives is sent', async () => {
    const { state, numbers } = counted();
    const transport = new FakeTransport();
    fromPull(numbers)
      .pipe(
        filter(() => false),
        toSink(transport, lines),
      )
      .subscribe();
    const { taken } = state;
    await endOfTick();
    await endOfTick();
    expect(state.taken).to.be.greaterThan(taken);
    transport.leave();
    expect(state.returned).to.equal(1);
  });

  it('should let the event loop turn after some values that take long, though each is small', async () => {
    let taken = 0;
    const slow = (function* () {
      for (;;) {
        taken += 1;
        // What a row of a database may take to be made.
        for (const ends = performance.now() + 1; performance.now() < ends; );
        yield taken;
      }
    })();
    const subscription = fromPull(slow).subscribe();
    for (let turns = 1; turns <= 10; turns += 1) {
      // Five of them are 5 ms; the few more are for quick ones that came before.
      expect(taken).to.be.within(1, turns * 10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    subscription.unsubscribe();
  });

  for (const how of ['unsubscribes', 'throws'] as const)
    it(`should stop a generator from within which its client is ended, and which then ${how === 'throws' ? 'throws' : 'goes on'}`, async () => {
      const ending = new AbortController();
      const transport = new FakeTransport();
      let isReleased = false;
      const rows = (function* () {
        try {
          yield 1;
          ending.abort();
          if (how === 'throws') throw new Error('the cursor is gone');
          yield 2;
          yield 3;
        } finally {
          isReleased = true;
        }
      })();
      const errors = await reported('error', () => {
        fromPull(rows)
          .pipe(toSink(transport, lines, { signal: ending.signal }))
          .subscribe();
      });
      expect(isReleased).to.equal(true);
      expect(errors).to.deep.equal([]);
    });

  it('should hear of an iterator that ends its own client and then rejects, and let nobody else hear of it', async () => {
    const ending = new AbortController();
    const unhandled: unknown[] = [];
    const hear = (error: unknown): void => void unhandled.push(error);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', hear);
    try {
      let isReleased = false;
      const rows: AsyncIterable<number> = {
        [Symbol.asyncIterator]: () => ({
          next() {
            ending.abort();
            return Promise.reject(new Error('the cursor is gone'));
          },
          return() {
            isReleased = true;
            return Promise.resolve({ done: true, value: undefined });
          },
        }),
      };
      fromPull(rows)
        .pipe(toSink(new FakeTransport(), lines, { signal: ending.signal }))
        .subscribe();
      await endOfTick();
      expect(isReleased).to.equal(true);
    } finally {
      process.off('unhandledRejection', hear);
      for (const other of others) process.on('unhandledRejection', other);
    }
    expect(unhandled).to.deep.equal([]);
  });

  it('should fail with what is wrong when an iterator does not give results', async () => {
    for (const odd of [1, null, undefined]) {
      const rows = { [Symbol.iterator]: () => ({ next: () => odd as never }) };
      const error: unknown = await lastValueFrom(fromPull(rows)).catch((reason) => reason);
      expect(error).to.be.instanceOf(TypeError);
      expect((error as TypeError).message).to.equal(`Iterator result ${odd} is not an object`);
    }
  });

  it('should let the event loop turn while an async iterable has its values ready', async () => {
    let stop = false;
    const endless = (async function* () {
      for (let n = 0; !stop; n += 1) yield n;
    })();
    const all = lastValueFrom(fromPull(endless));
    for (let n = 0; n < 3; n += 1) await endOfTick();
    stop = true;
    expect(await all).to.be.greaterThan(0);
  });

  it('should not ask again before it has an answer, and stop with the client', async () => {
    const asked: ((result: IteratorResult<number>) => void)[] = [];
    let returned = 0;
    const slow: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise((resolve) => asked.push(resolve)),
        return: async () => {
          returned += 1;
          return { done: true, value: undefined };
        },
      }),
    };
    const transport = new FakeTransport();
    fromPull(slow).pipe(toSink(transport, lines)).subscribe();
    await endOfTick();
    expect(asked).to.have.length(1);
    asked[0]?.({ done: false, value: 1 });
    await endOfTick();
    expect(asked).to.have.length(2);
    await endOfTick();
    transport.leave();
    asked[1]?.({ done: false, value: 2 });
    await endOfTick();
    expect(transport.written).to.deep.equal(['1\n']);
    expect(returned).to.equal(1);
    expect(asked).to.have.length(2);
  });

  it('should cancel a stream when the client leaves', async () => {
    const cancelled = new Subject<void>();
    const told = firstValueFrom(cancelled, { defaultValue: undefined });
    const transport = new FakeTransport();
    fromPull(new ReadableStream<number>({ cancel: () => cancelled.complete() }))
      .pipe(toSink(transport, lines))
      .subscribe();
    transport.leave();
    await told;
  });

  it('should fail with what the source throws, or rejects with', async () => {
    const error = new Error('row 2 is gone');
    const throwing = function* (): Generator<number> {
      yield 1;
      throw error;
    };
    const rejecting = async function* (): AsyncGenerator<number> {
      yield 1;
      throw error;
    };
    for (const source of [throwing(), rejecting()]) {
      const seen: unknown[] = [];
      await new Promise<void>((resolve) => {
        fromPull<number>(source).subscribe({ next: (n) => seen.push(n), error: (e) => resolve(void seen.push(e)) });
      });
      expect(seen).to.deep.equal([1, error]);
    }
  });

  it('should refuse what cannot be pulled from', () => {
    for (const wrong of [5, null, undefined, {}, of(1)]) {
      expect(() => fromPull(wrong as never)).to.throw(
        TornadoseError,
        'Expected `source` to be an iterable, an async iterable or a ReadableStream',
      );
    }
  });

  /** Endless numbers from 0, with how many were taken and whether the source was told to stop. */
  const asynchronous: [string, (state: { taken: number; over: boolean }) => Pullable<number>][] = [
    [
      'an async generator',
      async function* (state) {
        try {
          for (;;) yield state.taken++;
        } finally {
          state.over = true;
        }
      },
    ],
    [
      'a ReadableStream',
      (state) =>
        new ReadableStream<number>(
          {
            pull: (controller) => controller.enqueue(state.taken++),
            cancel() {
              state.over = true;
            },
          },
          // It makes nothing before it is asked.
          { highWaterMark: 0 },
        ),
    ],
  ];
  for (const [what, source] of asynchronous) {
    it(`should take no more of ${what} than a client can, through operators, and go on when it can`, async () => {
      const state = { taken: 0, over: false };
      const transport = new FakeTransport();
      transport.takes = false;
      fromPull(source(state))
        .pipe(
          filter((n) => n % 2 === 0),
          map((n) => `${n}:`.padEnd(1000, 'x')),
          toSink(transport, lines),
        )
        .subscribe();
      const stuck = async (): Promise<number> => {
        for (let before = -1; before !== state.taken; await endOfTick()) {
          before = state.taken;
          await endOfTick();
        }
        return state.taken;
      };
      const taken = await stuck();
      expect(taken).to.be.within(1, 200);
      expect(transport.waiting).to.be.within(1, 67 * 1024);
      transport.drain();
      transport.takes = false;
      await endOfTick();
      const more = await stuck();
      expect(more).to.be.within(taken + 1, taken + 400);
      const numbers = transport.written.join('').match(/\d+(?=:)/g);
      expect(numbers).to.deep.equal(Array.from({ length: numbers?.length ?? 0 }, (_, n) => `${2 * n}`));
      transport.leave();
      await endOfTick();
      expect(state.over).to.equal(true);
      expect(state.taken).to.be.at.most(more + 1);
    });
  }
});
