import { expect } from 'chai';
import sinon from 'sinon';
import { QueueStore, toSink } from 'tornadose';
import { FakeTransport } from '../support/FakeTransport.ts';

const lines = { name: 'lines', encode: ({ data }: { data: unknown }) => `${data}\n` };

/** A client of a store, connected and open. */
function client(): { store: QueueStore<number>; transport: FakeTransport } {
  const store = new QueueStore<number>();
  const transport = new FakeTransport();
  store.pipe(toSink(transport, lines, { heartbeat: false }));
  return { store, transport };
}

describe('a clock that a test replaces, and puts back', () => {
  afterEach(() => sinon.restore());

  it('should not hold up what is written afterwards, when it was put back in the midst of a tick', async () => {
    const clock = sinon.useFakeTimers();
    const before = client();
    before.store.next(1);
    clock.restore();
    const after = client();
    after.store.next(2);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect([before.transport.written, after.transport.written]).to.deep.equal([['1\n'], ['2\n']]);
  });

  it('should move on what was begun before it was replaced', () => {
    const { store, transport } = client();
    store.next(1);
    const clock = sinon.useFakeTimers();
    store.next(2);
    const late = client();
    late.store.next(3);
    clock.tick(1);
    expect([transport.written, late.transport.written]).to.deep.equal([['1\n2\n'], ['3\n']]);
  });

  it('should not stop replays', async () => {
    const store = new QueueStore<number>();
    const first: unknown[] = [];
    store.since().subscribe(({ id }) => first.push(id));
    for (let n = 0; n < 100; n += 1) store.next(n);
    const clock = sinon.useFakeTimers();
    store.since(String(first[0])).subscribe();
    clock.restore();
    const seen: unknown[] = [];
    // Past the time of the turn that was begun on the other clock.
    await new Promise((resolve) => setTimeout(resolve, 5));
    store.since(String(first[0])).subscribe(({ data }) => seen.push(data));
    for (let turn = 0; turn < 100 && seen.length < 99; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(seen).to.have.length(99);
  });
});
