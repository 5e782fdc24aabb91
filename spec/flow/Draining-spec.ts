import { expect } from 'chai';
import fc from 'fast-check';
import { finalize, NEVER, type Observable } from 'rxjs';
import sinon, { type SinonFakeTimers } from 'sinon';
import { Gate, toSink } from 'tornadose';
import { type Admitted, Draining } from '../../src/flow/Draining.ts';
import { endOfTick } from '../support/endOfTick.ts';
import { FakeTransport } from '../support/FakeTransport.ts';

/** A client that goes when it is told to; with `stays`, it does not. */
function join(gate: Gate, { stays = false, source = NEVER as Observable<unknown> } = {}): FakeTransport {
  const transport = new FakeTransport();
  const { end } = transport;
  transport.end = (reason) => {
    end.call(transport, reason);
    if (!stays) transport.leave();
  };
  source.pipe(toSink(transport, { name: 'none', encode: String }, { gate, heartbeat: false }));
  return transport;
}

const told = (transports: readonly FakeTransport[]): number =>
  transports.filter(({ calls }) => calls.includes('end drain')).length;

describe('a drain that is asked for again', () => {
  let clock: SinonFakeTimers;

  beforeEach(() => {
    clock = sinon.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'performance'],
      shouldClearNativeTimers: true,
    });
  });

  afterEach(() => clock.restore());

  const pass = async (ms: number): Promise<void> => {
    clock.tick(ms);
    // What is told to go goes with the tick.
    await endOfTick();
  };

  it('should end at once who is left, as one who asks twice wants it', async () => {
    const gate = new Gate();
    const transports = Array.from({ length: 10 }, () => join(gate));
    const drained = gate.drain({ over: 20_000 });
    await pass(10_000);
    expect(told(transports)).to.equal(5);
    expect(gate.drain({ over: 0 })).to.equal(drained);
    await pass(0);
    expect(await drained).to.deep.equal({ ended: 10, cut: 0 });
  });

  it('should go at the new pace from where it is', async () => {
    const gate = new Gate();
    const transports = Array.from({ length: 100 }, () => join(gate));
    const drained = gate.drain({ over: 10_000 });
    await pass(5_000);
    void gate.drain({ over: 1_000 });
    await pass(500);
    expect(told(transports)).to.be.within(74, 76);
    await pass(500);
    expect(await drained).to.deep.equal({ ended: 100, cut: 0 });
  });

  it('should take no longer than before, whatever it is asked for', async () => {
    const gate = new Gate();
    const [quick, stuck] = [join(gate), join(gate, { stays: true })];
    const drained = gate.drain({ over: 1_000, timeout: 500 });
    for (const later of [{}, { over: 60_000 }, { timeout: 60_000 }, { over: 60_000, timeout: 60_000 }]) {
      expect(gate.drain(later)).to.equal(drained);
      await pass(200);
    }
    await pass(200);
    expect(told([quick, stuck])).to.equal(2);
    void gate.drain({ over: 0, timeout: 60_000 });
    await pass(500);
    expect(await drained).to.deep.equal({ ended: 1, cut: 1 });
  });

  it('should cut those at once that do not go, when it is asked to', async () => {
    const gate = new Gate();
    const stuck = join(gate, { stays: true });
    const drained = gate.drain({ over: 0, timeout: 60_000 });
    await pass(1_000);
    void gate.drain({ timeout: 0 });
    await pass(0);
    expect(await drained).to.deep.equal({ ended: 0, cut: 1 });
    expect(stuck.calls).to.deep.equal(['open', 'end drain', 'destroy drain']);
  });

  it('should be hastened by one who is just being told', async () => {
    const gate = new Gate();
    const source = NEVER.pipe(finalize(() => void gate.drain({ over: 0 })));
    const transports = [join(gate, { source }), ...Array.from({ length: 9 }, () => join(gate))];
    const drained = gate.drain({ over: 60_000 });
    await pass(60);
    expect(await drained).to.deep.equal({ ended: 10, cut: 0 });
    for (const { calls } of transports) expect(calls).to.deep.equal(['open', 'end drain']);
  });

  it('should stay off when it was called off', async () => {
    const gate = new Gate();
    const transports = [join(gate), join(gate)];
    void gate.drain({ over: 60_000 });
    gate.reopen();
    await pass(120_000);
    expect([told(transports), gate.isDraining]).to.deep.equal([0, false]);
    for (const transport of transports) transport.leave();
  });
});

describe('when a drain has clients come back', () => {
  /** When each is told, and when it is to come back, in ms since the beginning. */
  function times(
    count: number,
    over: number,
    hastened?: { at: number; over: number },
  ): { told: number; back: number }[] {
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const clients: { told: number; back: number }[] = [];
      const all = Array.from(
        { length: count },
        (_, seat): Admitted => ({
          seat,
          drain(retry) {
            clients.push({ told: clock.now, back: clock.now + retry });
          },
          cut() {},
        }),
      );
      const draining = new Draining(all, over, 1_000);
      draining.start();
      if (hastened !== undefined) {
        clock.tick(hastened.at);
        draining.hasten(hastened.over, undefined);
      }
      clock.tick(over);
      draining.stop();
      return clients;
    } finally {
      clock.restore();
    }
  }

  const lengths = fc.integer({ min: 0, max: 5_000 });
  const counts = fc.integer({ min: 1, max: 300 });

  it('should be a second after the last one was told, at the earliest, hastened or not', () => {
    fc.assert(
      fc.property(counts, lengths, fc.option(fc.record({ at: lengths, over: lengths })), (count, over, hastened) => {
        const clients = times(count, over, hastened ?? undefined);
        expect(clients).to.have.length(count);
        const lastTold = Math.max(...clients.map(({ told }) => told));
        expect(lastTold).to.be.at.most(over);
        for (const { back } of clients)
          expect(back).to.be.within(lastTold + 1_000, over + 1_000 + Math.max(over, 1_000));
      }),
      { numRuns: 40 },
    );
  });

  it('should be spread evenly over as long as the drain takes, and over a second at least', () => {
    fc.assert(
      fc.property(counts, lengths, (count, over) => {
        const spread = Math.max(over, 1_000);
        const tenths = new Array<number>(10).fill(0);
        for (const { back } of times(count, over)) {
          const tenth = Math.min(Math.floor(((back - over - 1_000) / spread) * 10), 9);
          tenths[tenth] = (tenths[tenth] ?? 0) + 1;
        }
        for (const each of tenths) expect(each).to.be.within(count / 10 - 3, count / 10 + 3);
      }),
      { numRuns: 40 },
    );
  });
});
