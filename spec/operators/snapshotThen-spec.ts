import { expect } from 'chai';
import { catchError, EMPTY, map, NEVER, Observable, of, retry, Subject, tap, throwError } from 'rxjs';
import { budget, Gap, Message, QueueStore, snapshotThen } from 'tornadose';
import { type Demand, demandOf } from '../../src/pull/demand.ts';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';
import { allLogClientsLeave, type Line, LogClient } from '../support/LogClient.ts';
import { marbles } from '../support/marbles.ts';
import { numbers } from '../support/numbers.ts';
import { thrown } from '../support/thrown.ts';

/** A promise, and how to settle it. */
function deferred<T>() {
  let [resolve, reject]: [(value: T) => void, (error: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise<T>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

/** Until what a promise brought has been written. */
const written = async (): Promise<void> => {
  await endOfTick();
  await endOfTick();
};

/** What the error was, as a value. */
const codes = catchError((error: { readonly name: string; readonly code?: string }) => of(error.code ?? error.name));

/** A client that takes nothing more. */
function stalled(): FakeTransport {
  const transport = new FakeTransport();
  transport.takes = false;
  return transport;
}

/** What a client would come back with that got these. */
const lastIdOf = (received: readonly Line[] = []): string | undefined =>
  received.findLast(({ id }) => id !== undefined)?.id;

describe('snapshotThen', () => {
  afterEach(allLogClientsLeave);

  it('should give the snapshot, then what came while it was loading, and then what comes', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const live = hot('     -a-b----------c-d|');
      const loading = cold(' -----S|');
      const expected = '     -----(Sab)----c-d|';
      expectObservable(snapshotThen(live, () => loading)).toBe(expected);
      expectSubscriptions(live.subscriptions).toBe('^----------------!');
      expectSubscriptions(loading.subscriptions).toBe('^----!');
    });
  });

  it('should take a value and the first of several, too', () => {
    marbles(({ hot, cold, expectObservable }) => {
      expectObservable(snapshotThen(hot('-a-b|'), () => 'S')).toBe('Sa-b|');
      expectObservable(snapshotThen(hot('-a-----b|'), () => cold('--S-T|'))).toBe('--(Sa)-b|');
      expectObservable(snapshotThen(of('a', 'b'), () => 'S')).toBe('(Sab|)');
    });
  });

  it('should end when the changes do, not before the snapshot is there', () => {
    marbles(({ hot, cold, expectObservable }) => {
      expectObservable(snapshotThen(hot('-a-b|'), () => cold('------S|'))).toBe('------(Sab|)');
      expectObservable(snapshotThen(EMPTY, () => cold('--S|'))).toBe('--(S|)');
      expectObservable(snapshotThen(NEVER, () => cold('--S|'))).toBe('--S');
    });
  });

  it('should fail at once when the changes do', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const loading = cold('------S|');
      expectObservable(snapshotThen(hot('-a-#'), () => loading)).toBe('---#');
      expectSubscriptions(loading.subscriptions).toBe('^--!');
      expectObservable(snapshotThen(hot('------a-#'), () => cold('-S|'))).toBe('-S----a-#');
    });
  });

  it('should fail when the snapshot cannot be loaded, and let go of the changes', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const live = hot('-a-b--');
      expectObservable(snapshotThen(live, () => cold('--#'))).toBe('--#');
      expectSubscriptions(live.subscriptions).toBe('^-!');
      const nothing = snapshotThen(hot('-a-b--'), () => cold('--|'));
      expectObservable(nothing.pipe(codes)).toBe('--(E|)', { E: 'EmptyError' });
    });
  });

  it('should fail when more is held than it may', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const live = hot('-a-b-c-d');
      const source = snapshotThen(live, () => NEVER, { maxCount: 2 });
      expectObservable(source.pipe(codes)).toBe('-----(E|)', { E: 'ERR_OVERFLOW' });
      expectSubscriptions(live.subscriptions).toBe('^----!');
    });
    let failure: unknown;
    const live = new Subject<number>();
    snapshotThen(live, () => NEVER).subscribe({
      error: (error) => {
        failure = error;
      },
    });
    for (const n of numbers(1, 10_000)) live.next(n);
    expect(failure).to.equal(undefined);
    live.next(10_001);
    expect(failure).to.include({ code: 'ERR_OVERFLOW', limit: 10_000, unit: 'events', waiting: 10_001 });
  });

  it('should let go of both when the client leaves while the snapshot loads', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const live = hot('     -a-b-c-d');
      const loading = cold(' ------S|');
      const unsub = '        ---!';
      expectObservable(
        snapshotThen(live, () => loading),
        unsub,
      ).toBe('----');
      expectSubscriptions(live.subscriptions).toBe('^--!');
      expectSubscriptions(loading.subscriptions).toBe('^--!');
    });
  });

  it('should begin anew with each subscription', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const live = hot('     -a-b-----d');
      const loads = [cold('  --#'), cold('--S|')];
      const expected = '     ----(Sb)-d';
      expectObservable(snapshotThen(live, () => loads.shift() ?? NEVER).pipe(retry(1))).toBe(expected);
      expectSubscriptions(live.subscriptions).toBe(['^-!', '--^']);
    });
  });

  it('should keep the order when what it gives makes the changes grow', () => {
    const live = new Subject<string>();
    const seen: string[] = [];
    const snapshot = new Subject<string>();
    snapshotThen(live, () => snapshot)
      .pipe(tap((value) => value.length === 1 && live.next(`${value}${value}`)))
      .subscribe((value) => seen.push(value));
    for (const value of ['a', 'b']) live.next(value);
    snapshot.next('S');
    expect(seen).to.deep.equal(['S', 'a', 'b', 'SS', 'aa', 'bb']);
  });

  describe('load', () => {
    it('should be called when the changes are subscribed, with a signal that aborts when nobody needs it any more', async () => {
      const live = new Subject<number>();
      const signals: AbortSignal[] = [];
      const loading = deferred<string>();
      const load = (signal: AbortSignal) => {
        expect(live.observed).to.equal(true);
        signals.push(signal);
        return loading.promise;
      };
      const leaver = snapshotThen(live, load).subscribe();
      expect(signals.map(({ aborted }) => aborted)).to.deep.equal([false]);
      leaver.unsubscribe();
      const failing = new Subject<number>();
      snapshotThen(failing, (signal) => {
        signals.push(signal);
        return loading.promise;
      }).subscribe({ error: () => {} });
      failing.error(new Error('gone'));
      const seen: unknown[] = [];
      const stayer = snapshotThen(live, load).subscribe((value) => seen.push(value));
      live.next(1);
      loading.resolve('S');
      await endOfTick();
      stayer.unsubscribe();
      expect(seen).to.deep.equal(['S', 1]);
      expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true, true, false]);
      expect(live.observed).to.equal(false);
    });

    it('should have its errors be those of the stream, but not those that come after the client has left', async () => {
      const failure = new Error('no database');
      const errors: unknown[] = [];
      const error = (reason: unknown) => errors.push(reason);
      const live = new Subject<number>();
      const loading = deferred<string>();
      snapshotThen(live, () => loading.promise).subscribe({ error });
      snapshotThen(live, () => loading.promise)
        .subscribe({ error: () => errors.push('of one who left') })
        .unsubscribe();
      snapshotThen(live, () => {
        throw failure;
      }).subscribe({ error });
      loading.reject(failure);
      await endOfTick();
      expect(errors).to.deep.equal([failure, failure]);
      expect(live.observed).to.equal(false);
    });

    it('should not be called when the changes fail at once', () => {
      let called = false;
      const failure = new Error('closed');
      const errors: unknown[] = [];
      snapshotThen(
        throwError(() => failure),
        () => {
          called = true;
          return 'S';
        },
      ).subscribe({ error: (error) => errors.push(error) });
      expect([called, errors]).to.deep.equal([false, [failure]]);
    });

    it('should wait for changes that begin later, as those of a stream in Redis do', () => {
      let demand: Demand | undefined;
      const live = new Observable<Message<number>>((subscriber) => {
        demand = demandOf(subscriber as never);
        demand?.followLater?.();
      });
      let calls = 0;
      const seen: unknown[] = [];
      const load = () => {
        calls += 1;
        return new Message({ data: 'S' });
      };
      snapshotThen(live, load).subscribe((message) => seen.push(message));
      expect(calls).to.equal(0);
      demand?.follow?.(() => 'p1', true);
      expect(calls).to.equal(1);
      expect(seen).to.deep.equal([new Message({ data: 'S', id: 'p1' })]);
    });
  });

  describe('of a log', () => {
    const all = (data: unknown) => new Message({ event: 'all', data });

    it('should hold nothing while the snapshot loads: the log waits', async () => {
      const log = new QueueStore<number>({ history: { size: 20_000 } });
      const loading = deferred<Message>();
      const one = new LogClient(snapshotThen(log.since(), () => loading.promise));
      for (const n of numbers(1, 12_000)) log.next(n);
      await endOfTick();
      expect(one.received).to.deep.equal([]);
      loading.resolve(all('S'));
      while (!one.transport.written.at(-1)?.includes('"data":12000')) await endOfTick();
      expect(one.received[0]).to.deep.include({ event: 'all', data: 'S' });
      expect(one.received.slice(1).map(({ data }) => data)).to.deep.equal(numbers(1, 12_000));
    });

    it('should be pulled by the client when the snapshot is there', async () => {
      const log = new QueueStore<string>();
      const slow = new LogClient(
        snapshotThen(log.since(), () => all('S')),
        { transport: stalled() },
      );
      for (const n of numbers(1, 900)) log.next(`${n}`.padEnd(1_000));
      await endOfTick();
      expect(budget.waiting).to.be.below(70_000);
      slow.transport.drain();
      while (slow.received.length < 901) await endOfTick();
      expect(slow.received.slice(1).map(({ data }) => Number(data))).to.deep.equal(numbers(1, 900));
    });

    it('should tell no position before the snapshot, and one with it', async () => {
      const log = new QueueStore<number>();
      const loading = deferred<Message>();
      const one = new LogClient(snapshotThen(log.since(), () => loading.promise));
      log.next(1);
      await endOfTick();
      expect(one.received).to.deep.equal([]);
      loading.resolve(all('S'));
      await written();
      const [snapshot, change] = one.received;
      const cut = new LogClient(log.since(snapshot?.id));
      const later = new LogClient(log.since(change?.id));
      log.next(2);
      await endOfTick();
      expect(cut.received.map(({ data }) => data)).to.deep.equal([1, 2]);
      expect(later.received.map(({ data }) => data)).to.deep.equal([2]);
    });

    it('should leave a snapshot as it is that is no message, or has an id', async () => {
      const log = new QueueStore<number>();
      const plain = new LogClient(snapshotThen(log.since(), () => 'S') as Observable<Message>);
      const own = new LogClient(snapshotThen(log.since(), () => new Message({ data: 'S', id: 'mine' })));
      await endOfTick();
      expect(plain.received).to.deep.equal([{ data: 'S' }]);
      expect(own.received).to.deep.equal([{ data: 'S', id: 'mine' }]);
    });

    it('should give a gap after the snapshot, with no position before it', async () => {
      const log = new QueueStore<number>({ history: { size: 3 } });
      const loading = deferred<Message>();
      const one = new LogClient(snapshotThen(log.since('nonsense'), () => loading.promise));
      const other = new LogClient(snapshotThen(log.since(), () => loading.promise));
      for (const n of numbers(1, 10)) log.next(n);
      loading.resolve(all('S'));
      await written();
      expect(one.received.map(({ data }) => data)).to.deep.include({ reason: 'malformed' });
      for (const { received } of [one, other]) {
        expect(received[0]).to.deep.include({ event: 'all' });
        expect(received[1]).to.deep.include({ event: 'gap' });
      }
      expect(one.received[0]).not.to.have.property('id');
    });

    it('should serialise a snapshot once that many clients are given', async () => {
      const log = new QueueStore<number>();
      let serialised = 0;
      const snapshot = all({
        toJSON() {
          serialised += 1;
          return 'S';
        },
      });
      const clients = numbers(1, 20).map(() => new LogClient(snapshotThen(log.since(), async () => snapshot)));
      await written();
      expect(clients.every(({ received }) => received.length === 1)).to.equal(true);
      expect(serialised).to.equal(1);
    });

    it('should leave no hole, wherever the client is cut and whenever the snapshot comes', async () => {
      for (const turnsOfLoad of [0, 1, 3]) {
        for (const got of numbers(0, 12)) {
          const log = new QueueStore<number>();
          let state = 0;
          const change = (): void => {
            state += 1;
            log.next(state);
          };
          const load = async () => {
            for (let turn = 0; turn < turnsOfLoad; turn += 1) await endOfTick();
            return all(state);
          };
          const connect = (position: string | undefined) =>
            new LogClient(position === undefined ? snapshotThen(log.since(), load) : log.since(position));
          const first = connect(undefined);
          for (let turn = 0; turn < 8; turn += 1) {
            change();
            await endOfTick();
          }
          first.leave();
          const seen: Line[] = first.received.slice(0, got);
          const second = connect(lastIdOf(seen));
          for (let turn = 0; turn < 8; turn += 1) {
            change();
            await endOfTick();
          }
          let page = Number.NaN;
          for (const { event, data } of [...seen, ...second.received]) {
            if (event === 'all') page = data as number;
            else {
              expect(data, 'a hole').to.be.at.most(page + 1);
              page = Math.max(page, data as number);
            }
          }
          expect(page).to.equal(16);
        }
      }
    });
  });

  it('should hold a notice as anything else', () => {
    const live = new Subject<Message<number> | Gap>();
    const snapshot = new Subject<string>();
    const seen: unknown[] = [];
    snapshotThen(live, () => snapshot)
      .pipe(map((value) => (value instanceof Gap ? value.data.reason : value)))
      .subscribe((value) => seen.push(value));
    live.next(new Gap({ reason: 'disconnected' }));
    snapshot.next('S');
    expect(seen).to.deep.equal(['S', 'disconnected']);
  });

  it('should refuse wrong options', () => {
    const wrong: [() => unknown, string][] = [
      [() => snapshotThen(undefined as unknown as typeof NEVER, () => 1), 'live'],
      [() => snapshotThen(NEVER, Promise.resolve(1) as unknown as () => number), 'load'],
      [() => snapshotThen(NEVER, () => 1, { maxCount: 0 }), 'maxCount'],
      [() => snapshotThen(NEVER, () => 1, { max: 1 } as object), 'max'],
    ];
    for (const [make, option] of wrong) expect(thrown(make)).to.include({ code: 'ERR_INVALID_OPTION', option });
  });
});
