import { expect } from 'chai';
import { from, interval, timer } from 'rxjs';
import sinon from 'sinon';
import { QueueStore } from 'tornadose';
import { storeContract } from '../contracts/storeContract.ts';

storeContract('QueueStore', { make: () => new QueueStore<number>() });

describe('QueueStore', () => {
  it('should show a newcomer what comes from now on, and nothing of before', () => {
    const store = new QueueStore<number>();
    store.next(1);
    const seen: number[] = [];
    store.subscribe((value) => seen.push(value));
    store.next(2);
    expect(seen).to.deep.equal([2]);
  });

  it('should give each the contiguous run between its coming and its leaving', () => {
    const store = new QueueStore<number>();
    const clients: { first: number; end: number; seen: number[]; leave(): void }[] = [];
    for (let n = 0; n < 1000; n += 1) {
      if (n % 3 === 0) {
        const seen: number[] = [];
        const subscription = store.subscribe((value) => seen.push(value));
        clients.push({ first: n, end: 1000, seen, leave: () => subscription.unsubscribe() });
      }
      const leaving = n % 7 === 0 ? clients[Math.floor(n / 5)] : undefined;
      if (leaving !== undefined) {
        leaving.leave();
        leaving.end = n;
      }
      store.next(n);
    }
    expect(clients.filter(({ end }) => end < 1000)).to.have.length.above(100);
    for (const { first, end, seen } of clients)
      expect(seen).to.deep.equal(Array.from({ length: end - first }, (_, index) => first + index));
  });

  it('should end with the source that it subscribes to', () => {
    const store = new QueueStore<number>();
    const seen: unknown[] = [];
    store.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('|') });
    from([1, 2]).subscribe(store);
    expect(seen).to.deep.equal([1, 2, '|']);
  });

  describe('with a clock', () => {
    let clock: sinon.SinonFakeTimers;
    beforeEach(() => {
      clock = sinon.useFakeTimers();
    });
    afterEach(() => clock.restore());

    it('should take an interval, and outlive those that feed it', async () => {
      const store = new QueueStore<number>();
      const seen: number[] = [];
      store.subscribe((value) => seen.push(value));
      const ticking = interval(1000).subscribe(store);
      store.feed(timer(1500));
      clock.tick(3000);
      ticking.unsubscribe();
      expect(seen).to.deep.equal([0, 0, 1, 2]);
      expect(store.isStopped).to.equal(false);
    });
  });
});
