import { expect } from 'chai';
import { map } from 'rxjs';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { QueueStore, toSink } from 'tornadose';
import { later } from '../../src/later.ts';
import { hasTime, inTurn } from '../../src/stores/turns.ts';
import { FakeTransport } from '../support/FakeTransport.ts';

const turn = (): Promise<void> => new Promise((resolve) => later(resolve));

describe('the time for replays', () => {
  let clock: SinonFakeTimers;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(async () => {
    clock.restore();
    // Nobody waits for the specs that follow.
    await turn();
    await turn();
  });

  it('should be one for each turn of the event loop, and no more than 0.4 ms', async () => {
    for (let n = 0; n < 3; n += 1) {
      expect(hasTime()).to.equal(true);
      clock.tick(0.4);
      expect(hasTime()).to.equal(false);
      await turn();
    }
  });

  it('should be a third as long as the turn before took', async () => {
    hasTime();
    clock.tick(0.9);
    await turn();
    hasTime();
    clock.tick(0.25);
    expect(hasTime()).to.equal(true);
    clock.tick(0.1);
    expect(hasTime()).to.equal(false);
  });

  it('should be for those first who have waited, one after the other, and for all in the end', async () => {
    const order: string[] = [];
    const wait = (name: string, times: number): void =>
      inTurn(() => {
        order.push(name);
        clock.tick(10);
        if (times > 1) wait(name, times - 1);
      });
    wait('a', 2);
    wait('b', 2);
    expect(hasTime(), 'for one who comes').to.equal(false);
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(order).to.deep.equal(['a', 'b', 'a', 'b']);
    expect(hasTime()).to.equal(true);
  });

  it('should be for the writing too: what one client has missed is written before another’s turn', async () => {
    const store = new QueueStore<string>();
    const text = 'x'.repeat(1_000);
    let first: string | undefined;
    store.since(undefined).subscribe(({ id }) => {
      first ??= id;
    });
    for (let n = 0; n < 40; n += 1) store.next(text);
    const passed: string[] = [];
    const clients = ['a', 'b'].map((name) => {
      const transport = new FakeTransport();
      const replay = store.since(first).pipe(
        map((message) => {
          if (passed.at(-1) !== name) passed.push(name);
          clock.tick(0.2);
          return message;
        }),
        toSink(transport, { name: 'lines', encode: ({ data }) => `${data}\n` }),
      );
      return { transport, replay };
    });
    const [a, b] = clients as [(typeof clients)[0], (typeof clients)[0]];
    const write = a.transport.write.bind(a.transport);
    a.transport.write = (bytes) => {
      passed.push(`${bytes.length} written`);
      return write(bytes);
    };
    for (const { replay } of clients) replay.subscribe();
    while (b.transport.written.join('').length < 39 * 1_001) await turn();
    expect(a.transport.written.join('').length).to.equal(39 * 1_001);
    // However often they take turns.
    const isBetween = passed.every((each, index) => each !== 'b' || passed[index - 1] !== 'a' || index === 1);
    expect(isBetween, passed.join()).to.equal(true);
    a.transport.leave();
    b.transport.leave();
  });
});
