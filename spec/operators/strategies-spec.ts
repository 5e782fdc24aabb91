import { expect } from 'chai';
import fc from 'fast-check';
import {
  type BackpressureOperator,
  Gap,
  Message,
  onBackpressureBuffer,
  onBackpressureDrop,
  onBackpressureLatest,
  onBackpressureReduce,
} from 'tornadose';
import { backpressureContract } from '../contracts/backpressureContract.ts';
import { type Form, forms } from '../contracts/strategyForms.ts';
import { endOfTick } from '../support/endOfTick.ts';

const join = (held: unknown, incoming: unknown): unknown => `${held}${incoming}`;

backpressureContract('onBackpressureBuffer', { make: () => onBackpressureBuffer(), keepsAll: true });
for (const overflow of ['dropOldest', 'dropNewest'] as const) {
  backpressureContract(`onBackpressureBuffer with ${overflow}`, {
    make: () => onBackpressureBuffer({ overflow }),
    keepsAll: true,
  });
}
backpressureContract('onBackpressureLatest', { make: () => onBackpressureLatest() });
backpressureContract('onBackpressureLatest with a key', {
  make: () => onBackpressureLatest({ key: (data) => (data as string).at(-1) }),
});
backpressureContract('onBackpressureReduce', { make: () => onBackpressureReduce(join), merges: true, keepsAll: true });
backpressureContract('onBackpressureDrop', { make: () => onBackpressureDrop() });

interface Datum {
  readonly key: number;
  readonly n: number;
  readonly text: string;
}

/** A time in which the client is ready, and one in which it is not. */
interface Round {
  readonly passed: readonly unknown[];
  readonly behind: number;
  readonly held: readonly unknown[];
}

// Both forms are only told apart by what waits, so these go for limits that are near, and for many values beyond them.
const between = (min: number, max: number): fc.Arbitrary<number> => fc.noBias(fc.integer({ min, max }));
const datum = fc.record({ key: between(0, 3), n: between(0, 9), text: fc.string({ maxLength: 30, size: 'max' }) });
const value = fc.oneof(
  { weight: 4, arbitrary: datum },
  {
    weight: 3,
    arbitrary: fc
      .tuple(datum, fc.option(fc.nat(99), { nil: undefined }))
      .map(([data, id]) => new Message({ data, id: id === undefined ? undefined : `${id}`, event: `e${data.key}` })),
  },
  { weight: 1, arbitrary: fc.nat(99).map((id) => new Gap({ reason: 'disconnected' }, `${id}`)) },
);
const values = (maxLength: number): fc.Arbitrary<unknown[]> => fc.array(value, { maxLength, size: 'max' });
const rounds: fc.Arbitrary<Round[]> = fc.array(
  fc.record({ passed: values(3), behind: between(1, 400), held: values(10) }),
  { maxLength: 4, size: 'max' },
);
const limits = { maxBytes: between(1, 1200) };
const countLimits = { ...limits, maxCount: between(1, 10) };

const add = (held: unknown, incoming: unknown): Datum => {
  const [a, b] = [held as Datum, incoming as Datum];
  return { key: b.key, n: a.n + b.n, text: `${a.text}${b.text}`.slice(-50) };
};

/** Each built-in strategy, with limits that are reached. */
const strategies: Record<string, fc.Arbitrary<BackpressureOperator<unknown>>> = {
  onBackpressureBuffer: fc
    .record({ ...countLimits, overflow: fc.constantFrom('error', 'dropOldest', 'dropNewest') })
    .map((options) => onBackpressureBuffer<unknown>(options)),
  onBackpressureLatest: fc
    .record({ ...countLimits, key: fc.constantFrom(undefined, (data: unknown) => (data as Datum).key) })
    .map((options) => onBackpressureLatest<unknown>(options)),
  onBackpressureReduce: fc.record(limits).map((options) => onBackpressureReduce<unknown>(add, options)),
  onBackpressureDrop: fc.constant(undefined).map(() => onBackpressureDrop()),
};

async function run(start: Form, strategy: BackpressureOperator<unknown>, all: readonly Round[], last: string) {
  const work = start(strategy);
  for (const { passed, behind, held } of all) {
    await work.ready();
    for (const each of passed) work.emit(each);
    await work.unready(behind);
    for (const each of held) work.emit(each);
  }
  if (last === 'complete') work.complete();
  if (last === 'error') work.fail(new Error('the source is gone'));
  await work.ready();
  await endOfTick();
  const { output, drops, listens, end } = work;
  work.leave();
  return { output, drops, listens, end: end?.reason, error: (end?.error as Error | undefined)?.message };
}

describe('each built-in strategy', () => {
  for (const [name, strategy] of Object.entries(strategies)) {
    it(`should do the same as an operator and run by the engine: ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(strategy, rounds, fc.constantFrom('complete', 'error', 'go on'), async (made, all, last) => {
          expect(await run(forms.engine, made, all, last)).to.deep.equal(await run(forms.operator, made, all, last));
        }),
        { numRuns: 300 },
      );
    });
  }

  it('should end the client with what its function throws, after what waits, in both forms', async () => {
    const picky = (data: unknown): unknown => {
      if (data === 'bad') throw new TypeError('no such thing');
      return data;
    };
    const throwing = {
      onBackpressureLatest: onBackpressureLatest<unknown>({ key: picky }),
      onBackpressureReduce: onBackpressureReduce<unknown>((held, incoming) => `${held}${picky(incoming)}`),
    };
    for (const [name, strategy] of Object.entries(throwing)) {
      for (const [form, start] of Object.entries(forms)) {
        const work = start(strategy);
        await work.unready();
        for (const value of ['a', 'b', 'bad', 'c']) work.emit(value);
        expect(work.listens, `${name} ${form}`).to.equal(false);
        await work.ready();
        await endOfTick();
        expect(work.output.join(''), `${name} ${form}`).to.include('a').and.include('b').and.not.include('c');
        expect(work.end?.error, `${name} ${form}`).to.be.instanceOf(TypeError);
        work.leave();
      }
    }
  });
});
