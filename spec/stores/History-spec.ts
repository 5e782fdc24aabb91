import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { History, historyOf } from '../../src/stores/History.ts';

const entry = (text: string, at = 0) => ({ text, event: undefined, retry: undefined, at });

describe('History', () => {
  it('should number what it retains, and keep within its count, its bytes and its age', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ length: fc.nat(400), wait: fc.nat(50) }), { maxLength: 300 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 200, max: 5_000 }),
        fc.integer({ min: 1, max: 500 }),
        (entries, size, maxBytes, ttl) => {
          const history = new History(size, maxBytes, ttl);
          const all: { text: string; at: number }[] = [];
          let now = 0;
          for (const { length, wait } of entries) {
            now += wait;
            const text = `${all.length}`.padEnd(length, '.');
            all.push({ text, at: now });
            history.push(entry(text, now));
            const start = history.start(now);
            expect(history.end).to.equal(all.length);
            expect(history.end - start).to.be.at.most(size);
            expect(history.bytes).to.be.within(0, maxBytes);
            for (let number = start + 1; number <= history.end; number += 1) {
              const { text: retained, at } = history.at(number);
              expect(retained).to.equal(all[number - 1]?.text);
              expect(at + ttl).to.be.greaterThan(now);
            }
            // Nothing is let go without need.
            if (start > 0 && history.cause === 'expired')
              expect((all[start - 1]?.at as number) + ttl).to.be.at.most(now);
          }
        },
      ),
    );
  });

  it('should let all go in time, though nothing comes any more', () => {
    const history = new History(10, 10_000, 100);
    history.push(entry('a', 0));
    expect(history.start(99)).to.equal(0);
    expect(history.start(100)).to.equal(1);
    expect(history.bytes).to.equal(0);
    expect(history.cause).to.equal('expired');
  });

  it('should retain nothing of what is larger than all of it', () => {
    const history = new History(10, 200, Number.POSITIVE_INFINITY);
    history.push(entry('a'));
    history.push(entry('b'.repeat(300)));
    expect([history.start(0), history.end, history.bytes]).to.deep.equal([2, 2, 0]);
  });

  it('should count the names of events too, which it retains as they are', () => {
    const history = new History(1_000, 10_000, Number.POSITIVE_INFINITY);
    for (let n = 0; n < 100; n += 1) history.push({ ...entry('1'), event: `${n}`.padEnd(3_000, 'e') });
    expect(history.end - history.start(0)).to.equal(3);
    expect(history.bytes).to.be.within(9_000, 10_000);
    history.push({ ...entry('1'), event: '€'.padEnd(3_000, 'e') });
    expect(history.bytes).to.be.within(9_000, 10_000);
    expect(history.end - history.start(0)).to.equal(2);
    history.push({ ...entry('1'), event: 'e'.repeat(20_000) });
    expect(history.bytes).to.equal(0);
  });

  it('should take about as much memory as it says, whatever the texts are', () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const used = (): number => {
      gc();
      gc();
      return getHeapStatistics().used_heap_size;
    };
    const maxBytes = 8 * 1024 * 1024;
    for (const make of [
      (n: number) => JSON.stringify({ n, text: 'x'.repeat(20) }),
      (n: number) => JSON.stringify({ n, text: 'x'.repeat(500) }),
      (n: number) => JSON.stringify({ n, text: `€${'x'.repeat(100)}` }),
    ]) {
      const history = historyOf({ size: 1_000_000, maxBytes });
      const before = used();
      for (let n = 0; history.start(0) === 0; n += 1) history.push(entry(make(n)));
      expect(used() - before).to.be.within(maxBytes / 2, maxBytes * 1.3);
      expect(history.bytes).to.be.at.most(maxBytes);
    }
  });
});
