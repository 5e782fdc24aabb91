import { expect } from 'chai';
import { Subject } from 'rxjs';
import { DataStore, type ErrorReport, QueueStore, Store } from 'tornadose';
import { storeContract } from '../contracts/storeContract.ts';
import { reported } from '../support/channels.ts';
import { endOfTick } from '../support/endOfTick.ts';

/** A store of somebody's own, that delivers later and answers with a promise. */
class LaterStore extends Store<number, Promise<number>> {
  released = 0;
  #pending: Promise<unknown> = Promise.resolve();

  submit(value: number): Promise<number> {
    const delivered = this.#pending.then(async () => {
      if (value < 0) throw new RangeError('too small');
      this.emit(value);
      return value;
    });
    this.#pending = delivered.catch(() => {});
    return delivered;
  }

  settle = async (): Promise<void> => {
    await this.#pending;
    await endOfTick();
  };

  protected override release(): void {
    this.released += 1;
  }
}

let last: LaterStore;
storeContract('a store of one’s own that delivers later', {
  make: () => (last = new LaterStore()),
  settle: endOfTick,
});

describe('Store', () => {
  it('should be a Subject, for those who ask', () => {
    expect(new LaterStore()).to.be.instanceOf(Subject);
  });

  it('should answer `submit`, and report a `next` that failed', async () => {
    const store = new LaterStore();
    expect(await store.submit(7)).to.equal(7);
    const reports = await reported<ErrorReport>('error', async () => {
      store.next(-1);
      await store.settle();
    });
    expect(reports).to.have.length(1);
    expect(reports[0]?.during).to.equal('publish');
    expect(reports[0]?.error).to.be.instanceOf(RangeError);
  });

  it('should leave a failed `submit` to the one who asked', async () => {
    const store = new LaterStore();
    let failure: unknown;
    const reports = await reported('error', async () => {
      await store.submit(-1).catch((error) => {
        failure = error;
      });
      await store.settle();
    });
    expect(failure).to.be.instanceOf(RangeError);
    expect(reports).to.deep.equal([]);
  });

  it('should release what it holds, once', async () => {
    await last.close();
    await last.close();
    expect(last.released).to.equal(1);
  });

  it('should pass on that its release failed', async () => {
    class Stuck extends QueueStore<number> {
      protected override release(): Promise<void> {
        return Promise.reject(new Error('stuck'));
      }
    }
    const store = new Stuck();
    const seen: string[] = [];
    store.subscribe({ complete: () => seen.push('|') });
    let failure: unknown;
    await store.close().catch((error) => {
      failure = error;
    });
    expect((failure as Error).message).to.equal('stuck');
    expect(seen).to.deep.equal(['|']);
  });

  it('should feed one store from another, and let it live on', () => {
    const [from, to] = [new DataStore(1), new QueueStore<number>()];
    const seen: unknown[] = [];
    to.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('|') });
    to.feed(from);
    from.next(2);
    from.complete();
    to.next(3);
    expect(seen).to.deep.equal([1, 2, 3]);
  });

  it('should keep the order of stores that feed each other', () => {
    const [ping, pong] = [new QueueStore<number>(), new QueueStore<number>()];
    const seen: string[] = [];
    ping.subscribe((value) => seen.push(`ping ${value}`));
    ping.subscribe((value) => value < 4 && pong.next(value + 1));
    pong.subscribe((value) => ping.next(value + 1));
    ping.subscribe((value) => seen.push(`also ${value}`));
    ping.next(1);
    expect(seen).to.deep.equal(['ping 1', 'also 1', 'ping 3', 'also 3', 'ping 5', 'also 5']);
  });
});
