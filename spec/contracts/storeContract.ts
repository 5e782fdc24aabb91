import { expect } from 'chai';
import { concat, filter, finalize, map, NEVER, of, Subject, throwError } from 'rxjs';
import { type ErrorReport, type Store, toResponse } from 'tornadose';
import { eventStream } from '../../src/encoding/eventStream.ts';
import { reported, warnings } from '../support/channels.ts';
import { allLeave, clients } from '../support/clients.ts';
import { endOfTick } from '../support/endOfTick.ts';

export interface StoreFacts {
  /** A new store, with nothing published to it. */
  readonly make: () => Store<number, unknown> | Promise<Store<number, unknown>>;
  /** Waits until what was published has been delivered. @defaultValue the end of the tick, for stores that deliver at once */
  readonly settle?: (() => Promise<unknown>) | undefined;
  /** A newcomer sees the latest value first. */
  readonly replaysLatest?: boolean;
}

/** What every store owes to those who publish to it and to its clients. */
export function storeContract(title: string, { make, settle = endOfTick, replaysLatest = false }: StoreFacts): void {
  describe(`${title} keeps the contract of a store`, () => {
    let store: Store<number, unknown>;
    beforeEach(async () => {
      store = await make();
    });
    afterEach(async () => {
      allLeave();
      await store.close();
    });

    /** One who subscribes, and what it sees. */
    function joins(source = store): unknown[] {
      const seen: unknown[] = [];
      source.subscribe({
        next: (value) => seen.push(value),
        error: (error) => seen.push(error),
        complete: () => seen.push('|'),
      });
      return seen;
    }

    describe('as a Subject', () => {
      it('should deliver what is published to all that are there, in order', async () => {
        const all = [joins(), joins(), joins()];
        for (const value of [1, 2, 3]) store.next(value);
        await settle();
        for (const seen of all) expect(seen).to.deep.equal([1, 2, 3]);
      });

      it('should take `submit` for `next` with an answer', async () => {
        const seen = joins();
        await store.submit(1);
        store.next(2);
        await settle();
        expect(seen).to.deep.equal([1, 2]);
      });

      it('should publish what an Observable emits that it subscribes to', async () => {
        const seen = joins();
        const subscription = concat(of(1, 2, 3), NEVER).subscribe(store);
        await settle();
        subscription.unsubscribe();
        expect(seen).to.deep.equal([1, 2, 3]);
      });

      it('should pipe', async () => {
        const seen: number[] = [];
        store
          .pipe(
            filter((x) => x % 2 === 0),
            map((x) => x * 10),
          )
          .subscribe((x) => seen.push(x));
        for (const value of [1, 2, 3, 4]) store.next(value);
        await settle();
        expect(seen).to.deep.equal([20, 40]);
      });

      it('should know whether anybody is there', () => {
        expect(store.observed).to.equal(false);
        const subscriptions = [store.subscribe(), store.pipe(map(String)).subscribe()];
        expect(store.observed).to.equal(true);
        for (const each of subscriptions) each.unsubscribe();
        expect(store.observed).to.equal(false);
      });
    });

    describe('one order for everybody', () => {
      it('should show all the same, though one of them publishes while it is delivered to', async () => {
        const before = joins();
        store.subscribe((value) => {
          if (value < 100) store.next(value + 1);
        });
        const after = joins();
        store.next(1);
        for (let i = 0; i < 100; i += 1) await settle();
        const expected = Array.from({ length: 100 }, (_, index) => index + 1);
        expect(before).to.deep.equal(expected);
        expect(after).to.deep.equal(expected);
      });

      it('should show all the same, though two of them publish several at a time', async () => {
        const before = joins();
        for (const step of [10, 100]) {
          store.subscribe((value) => {
            if (value < 4) for (const more of [1, 2]) store.next(value * step + more);
          });
        }
        const after = joins();
        for (const value of [1, 2, 3]) store.next(value);
        for (let i = 0; i < 5; i += 1) await settle();
        expect(before).to.have.length(15);
        expect(after).to.deep.equal(before);
      });

      it('should deliver what was published before it completes, when both are done while delivering', async () => {
        const before = joins();
        store.subscribe((value) => {
          if (value !== 1) return;
          store.next(2);
          store.complete();
        });
        const after = joins();
        store.next(1);
        for (let i = 0; i < 3; i += 1) await settle();
        expect(after).to.deep.equal(before);
        expect(before[0]).to.equal(1);
        expect(before.at(-1)).to.equal('|');
      });
    });

    describe('those who join while something is delivered', () => {
      it('should see every later value once, and in order', async () => {
        const late: { after: number; seen: unknown[] }[] = [];
        const first: number[] = [];
        store.subscribe((value) => {
          first.push(value);
          if (value <= 3) late.push({ after: first.length, seen: joins() });
          if (value === 2) store.next(3);
        });
        for (const value of [1, 2, 4]) store.next(value);
        for (let i = 0; i < 4; i += 1) await settle();
        expect(late).to.have.length(3);
        for (const { after, seen } of late) expect(seen).to.deep.equal(first.slice(replaysLatest ? after - 1 : after));
      });

      it('should not be given what another has published while it is subscribed out of order', async () => {
        store.next(1);
        await settle();
        const witness = joins();
        const seen: number[] = [];
        store.subscribe((value) => {
          seen.push(value);
          if (value === 1 || value === 10) store.next(value + 1);
        });
        store.next(10);
        for (let i = 0; i < 4; i += 1) await settle();
        expect(seen).to.deep.equal(replaysLatest ? [1, 2, 10, 11] : [10, 11]);
        expect(witness).to.deep.equal(seen);
      });

      it('should get nothing when they leave at once', async () => {
        const seen: number[] = [];
        store.subscribe((value) => {
          const subscription = store.subscribe((x) => seen.push(x));
          subscription.unsubscribe();
          if (value === 1) store.next(2);
        });
        store.next(1);
        for (let i = 0; i < 2; i += 1) await settle();
        expect(seen).to.deep.equal(replaysLatest ? [1, 2] : []);
      });
    });

    describe('its end', () => {
      it('should end those that are there, and those that come, when it completes', async () => {
        const seen = joins();
        store.next(1);
        await settle();
        store.complete();
        expect(seen).to.deep.equal([1, '|']);
        expect(joins()).to.deep.equal(['|']);
        expect(store.observed).to.equal(false);
      });

      it('should end those that are there, and those that come, with its error', async () => {
        const error = new Error('the end');
        const seen = joins();
        store.next(1);
        await settle();
        store.error(error);
        expect(seen).to.deep.equal([1, error]);
        expect(joins()).to.deep.equal([error]);
      });

      it('should ignore what is published afterwards', async () => {
        const seen = joins();
        store.complete();
        store.next(1);
        store.error(new Error('too late'));
        store.complete();
        await settle();
        expect(seen).to.deep.equal(['|']);
        expect(joins()).to.deep.equal(['|']);
      });

      it('should answer 204 to those that come after it completed, and 500 after an error', async () => {
        store.complete();
        expect(toResponse(store, { method: 'GET' }).status).to.equal(204);
        const failed = await make();
        failed.error(new Error('the end'));
        const told: string[] = [];
        expect(toResponse(failed, { method: 'GET' }, { onEvent: ({ type }) => told.push(type) }).status).to.equal(500);
        await failed.close();
      });
    });

    describe('isolation', () => {
      it('should end only the one of 100 clients whose operator throws', async () => {
        const broken = new Error('a bug in one of them');
        const all = clients(
          store,
          100,
          eventStream(),
          (index) => (source) =>
            source.pipe(
              map((value) => {
                if (index === 50 && value === 2) throw broken;
                return value;
              }),
            ),
        );
        for (const value of [1, 2, 3]) store.next(value);
        await settle();
        await endOfTick();
        const [one] = all.splice(50, 1);
        expect(one?.text).to.equal('data: 1\n\n');
        expect(one?.events).to.deep.equal([{ type: 'open' }, { type: 'close', reason: 'error', error: broken }]);
        for (const { text, events } of all) {
          expect(text).to.equal('data: 1\n\ndata: 2\n\ndata: 3\n\n');
          expect(events).to.deep.equal([{ type: 'open' }]);
        }
      });
    });

    describe('feed', () => {
      it('should publish the values of several sources, and not their end', async () => {
        const seen = joins();
        store.feed(of(1, 2));
        store.feed(of(3));
        await settle();
        expect(seen).to.deep.equal([1, 2, 3]);
      });

      it('should stop when it is unsubscribed', async () => {
        const source = new Subject<number>();
        const seen = joins();
        const feeding = store.feed(source);
        source.next(1);
        feeding.unsubscribe();
        source.next(2);
        await settle();
        expect(seen).to.deep.equal([1]);
        expect(source.observed).to.equal(false);
      });

      it('should report the error of a source once, warn of it, and go on', async () => {
        const error = new Error('the feed is gone');
        const seen = joins();
        let reports: ErrorReport[] = [];
        const printed = await warnings(async () => {
          reports = await reported<ErrorReport>('error', () => store.feed(throwError(() => error)));
        });
        expect(reports).to.deep.equal([{ error, during: 'feed' }]);
        expect(printed).to.have.length(1);
        store.next(1);
        await settle();
        expect(seen).to.deep.equal([1]);
      });

      it('should let go of its sources when the store ends, so that the process can', async () => {
        for (const end of ['close', 'complete', 'error'] as const) {
          const ending = await make();
          let running = true;
          ending.feed(NEVER.pipe(finalize(() => (running = false))));
          if (end === 'error') ending.error(new Error('the end'));
          else await ending[end]();
          expect(running, end).to.equal(false);
          await ending.close();
        }
      });
    });

    describe('close', () => {
      it('should end the clients, and do so once', async () => {
        const seen = joins();
        const closing = store.close();
        expect(store.close()).to.equal(closing);
        await closing;
        expect(seen).to.deep.equal(['|']);
        expect(store.observed).to.equal(false);
      });

      it('should be what `await using` calls', async () => {
        const seen = joins();
        await store[Symbol.asyncDispose]();
        expect(seen).to.deep.equal(['|']);
      });

      it('should do for a store that has ended, failed or been unsubscribed already', async () => {
        const [failed, unsubscribed] = [await make(), await make()];
        store.complete();
        failed.error(new Error('the end'));
        unsubscribed.unsubscribe();
        await Promise.all([store.close(), failed.close(), unsubscribed.close()]);
      });

      it('should end those that are there also when it is called while delivering', async () => {
        const before = joins();
        store.subscribe(() => void store.close());
        const after = joins();
        store.next(1);
        await settle();
        expect(before).to.deep.equal([1, '|']);
        expect(after).to.deep.equal([1, '|']);
      });
    });
  });
}
