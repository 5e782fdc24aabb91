import { expect } from 'chai';
import fc from 'fast-check';
import { Subject, take } from 'rxjs';
import { DataStore, Store, TornadoseError, toResponse } from 'tornadose';
import { storeContract } from '../contracts/storeContract.ts';
import { thrown } from '../support/thrown.ts';

storeContract('DataStore', { make: () => new DataStore<number>(), replaysLatest: true });

describe('DataStore', () => {
  function joins<T>(store: Store<T>): T[] {
    const seen: T[] = [];
    store.subscribe((value) => seen.push(value));
    return seen;
  }

  it('should be a Store and a Subject', () => {
    expect(new DataStore()).to.be.instanceOf(DataStore).and.instanceOf(Store).and.instanceOf(Subject);
  });

  it('should show a newcomer the latest value, and then every change', () => {
    const store = new DataStore<number>(1);
    const early = joins(store);
    store.next(2);
    const late = joins(store);
    store.next(3);
    expect(early).to.deep.equal([1, 2, 3]);
    expect(late).to.deep.equal([2, 3]);
  });

  it('should show nothing while it has nothing, and take undefined for a value when it was given', () => {
    const empty = joins(new DataStore<number>());
    const given = joins(new DataStore<undefined>(undefined));
    expect(empty).to.deep.equal([]);
    expect(given).to.deep.equal([undefined]);
  });

  it('should publish the same value again', () => {
    const store = new DataStore(1);
    const seen = joins(store);
    store.next(1);
    expect(seen).to.deep.equal([1, 1]);
  });

  it('should give one value to one who takes one, though it is there at once', () => {
    const store = new DataStore(1);
    const seen: unknown[] = [];
    store.pipe(take(1)).subscribe({ next: (value) => seen.push(value), complete: () => seen.push('|') });
    expect(seen).to.deep.equal([1, '|']);
    expect(store.observed).to.equal(false);
  });

  describe('data', () => {
    it('should read the latest value, and set it', () => {
      const store = new DataStore<string>();
      const seen = joins(store);
      expect(store.data).to.equal(undefined);
      store.data = 'a';
      expect(store.data).to.equal('a');
      store.next('b');
      expect(store.data).to.equal('b');
      store.submit('c');
      expect(store.data).to.equal('c');
      expect(seen).to.deep.equal(['a', 'b', 'c']);
    });

    it('should read the last accepted value, while a newcomer gets the last emitted one and then the rest', () => {
      const store = new DataStore(0);
      const read: number[] = [];
      const late: number[][] = [];
      store.subscribe((value) => {
        if (value !== 1) return;
        store.next(2);
        store.next(3);
        read.push(store.data);
        late.push(joins(store));
      });
      store.next(1);
      expect(read).to.deep.equal([3]);
      expect(late).to.deep.equal([[1, 2, 3]]);
    });

    it('should stay what it was when a value is refused', () => {
      const store = new DataStore(0);
      store.subscribe((value) => {
        if (value !== 1) return;
        for (let i = 2; i < 10_002; i += 1) store.next(i);
        expect(thrown(() => store.next(-1)).code).to.equal('ERR_REENTRANT');
        expect(store.data).to.equal(10_001);
      });
      store.next(1);
      expect(store.data).to.equal(10_001);
      expect(joins(store)).to.deep.equal([10_001]);
    });

    it('should keep the last value of a store that has ended, and take no other', () => {
      const store = new DataStore(1);
      store.complete();
      store.next(2);
      store.data = 3;
      expect(store.data).to.equal(1);
      expect(joins(store)).to.deep.equal([]);
    });

    it('should not be a value that comes after the end, also when both are asked for while delivering', () => {
      const store = new DataStore(0);
      const seen = joins(store);
      store.subscribe((value) => {
        if (value !== 1) return;
        store.complete();
        store.next(2);
      });
      store.next(1);
      expect(seen).to.deep.equal([0, 1]);
      expect(store.data).to.equal(1);
    });

    it('should throw when it is set on a store that was unsubscribed, as every Subject does', () => {
      const store = new DataStore(1);
      store.unsubscribe();
      expect(() => store.next(2)).to.throw('object unsubscribed');
      expect(store.data).to.equal(1);
    });
  });

  it('should bring everybody to the latest value, whoever publishes while being delivered to', () => {
    const publications = fc.array(fc.record({ by: fc.nat(3), when: fc.nat(20), joins: fc.boolean() }), {
      maxLength: 20,
      size: 'max',
    });
    fc.assert(
      fc.property(publications, (all) => {
        const store = new DataStore(0);
        const everybody: number[][] = [];
        let last = 0;
        const publish = (): void => {
          last += 1;
          store.next(last);
        };
        for (let client = 0; client < 4; client += 1) {
          const seen: number[] = [];
          everybody.push(seen);
          store.subscribe((value) => {
            seen.push(value);
            for (const { by, when, joins: someoneJoins } of all) {
              if (by !== client || when !== value) continue;
              if (last < 100) publish();
              if (someoneJoins && everybody.length < 20) everybody.push(joins(store));
            }
          });
        }
        for (let i = 0; i < 3; i += 1) publish();
        const [longest = []] = everybody;
        expect(longest.at(-1)).to.equal(store.data);
        for (const seen of everybody) expect(seen).to.deep.equal(longest.slice(longest.length - seen.length));
      }),
      { numRuns: 300 },
    );
  });

  it('should send its latest value in the first write, and nothing after its end', async () => {
    const store = new DataStore({ n: 1 });
    const response = toResponse(store, { method: 'GET' });
    store.complete();
    expect(await response.text()).to.equal('data: {"n":1}\n\nevent: end\ndata:\n\n');
    expect(toResponse(store, { method: 'GET' }).status).to.equal(204);
  });

  it('should refuse a runaway that answers each value with another one', () => {
    const store = new DataStore(0);
    let refusal: unknown;
    store.subscribe((value) => {
      try {
        store.next(value + 1);
      } catch (error) {
        refusal = error;
      }
    });
    const seen = joins(store);
    store.next(1);
    expect(TornadoseError.is(refusal, 'ERR_REENTRANT')).to.equal(true);
    expect(seen.at(-1)).to.equal(store.data);
  });
});
