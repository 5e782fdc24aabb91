import { expect } from 'chai';
import { type BackpressureOperator, Gap, Message, TornadoseError } from 'tornadose';
import { endOfTick } from '../support/endOfTick.ts';
import { forms, type StrategyAtWork } from './strategyForms.ts';

export interface BackpressureFacts {
  /** A strategy with the default limits, whatever else it needs. Its values are texts. */
  readonly make: () => BackpressureOperator<unknown>;
  /** It makes one value of several, by joining their texts. */
  readonly merges?: boolean;
  /** Everything comes out, or the client ends. */
  readonly keepsAll?: boolean;
}

const mebibyte = 1024 * 1024;

/** What every strategy owes to its client and to the process, as an operator and run by the engine of a sink. */
export function backpressureContract(
  title: string,
  { make, merges = false, keepsAll = false }: BackpressureFacts,
): void {
  for (const [form, begin] of Object.entries(forms)) {
    describe(`${title} keeps the contract of a strategy (${form})`, () => {
      const begun: StrategyAtWork[] = [];
      const start = (strategy: BackpressureOperator<unknown>): StrategyAtWork => {
        const work = begin(strategy);
        begun.push(work);
        return work;
      };
      afterEach(() => {
        for (const work of begun.splice(0)) work.leave();
      });

      let id = 0;
      const nextId = (): string => {
        id += 1;
        return `${id}`;
      };
      const message = (data: string): Message => new Message({ data, id: nextId() });
      const parsed = (work: StrategyAtWork): { data: unknown; event?: string; id?: string }[] =>
        work.output.map((line) => JSON.parse(line));
      const texts = (work: StrategyAtWork): string =>
        parsed(work)
          .filter(({ event }) => event === undefined)
          .map(({ data }) => data)
          .join('');
      const dropped = (work: StrategyAtWork): number =>
        Object.values(work.drops).reduce((sum, { count }) => sum + count, 0);
      const bytesOut = (work: StrategyAtWork): number => Buffer.byteLength(work.output.join(''));
      const expectAscendingIds = (work: StrategyAtWork): void => {
        const ids = parsed(work).map((each) => Number(each.id));
        expect(ids).to.deep.equal([...new Set(ids)].sort((a, b) => a - b));
      };

      it('should pass everything on while the client is ready, in order', async () => {
        const work = start(make());
        for (const data of 'abcdef') work.emit(message(data));
        await endOfTick();
        expect(texts(work)).to.equal('abcdef');
        expect(dropped(work)).to.equal(0);
      });

      it('should emit nothing while the client is not ready', async () => {
        const work = start(make());
        work.emit(message('a'));
        await work.unready();
        for (const data of 'bcd') work.emit(message(data));
        await endOfTick();
        expect(texts(work)).to.equal('a');
      });

      it('should release what it kept in the order in which it came, before anything newer', async () => {
        const work = start(make());
        for (let round = 0; round < 5; round += 1) {
          await work.unready();
          for (const data of 'abcd') work.emit(message(data));
          await work.ready();
          for (const data of 'ef') work.emit(message(data));
          await endOfTick();
        }
        expectAscendingIds(work);
        expect(texts(work).match(/ef/g)).to.have.length(5);
      });

      it('should account for every value: it came out, was merged, or was reported as dropped', async () => {
        const work = start(make());
        const count = 40;
        for (let i = 0; i < count; i += 1) {
          if (i % 8 === 3) await work.unready();
          if (i % 8 === 6) await work.ready();
          work.emit(message('x'));
        }
        await work.ready();
        await endOfTick();
        expect(texts(work).length + dropped(work)).to.equal(count);
        if (!merges) expect(work.output.length + dropped(work)).to.equal(count);
        if (keepsAll) expect(dropped(work)).to.equal(0);
      });

      it('should pass each notice on, unchanged and in its place', async () => {
        const work = start(make());
        const gap = (): Gap => new Gap({ reason: 'disconnected' }, nextId());
        const gaps: (string | undefined)[] = [];
        const emitGap = (): void => {
          const notice = gap();
          gaps.push(notice.id);
          work.emit(notice);
        };
        emitGap();
        await work.unready();
        emitGap();
        for (const data of 'abc') work.emit(message(data));
        emitGap();
        emitGap();
        for (const data of 'def') work.emit(message(data));
        emitGap();
        await work.ready();
        await endOfTick();
        const notices = parsed(work).filter(({ event }) => event === 'gap');
        expect(notices.map((each) => each.id)).to.deep.equal(gaps);
        for (const { data } of notices) expect(data).to.deep.equal({ reason: 'disconnected' });
        expectAscendingIds(work);
      });

      it('should complete at once when nothing waits', async () => {
        const work = start(make());
        work.emit(message('a'));
        await endOfTick();
        work.complete();
        await endOfTick();
        expect(work.end).to.deep.equal({ reason: 'complete' });
      });

      for (const how of ['complete', 'error'] as const) {
        it(`should pass the source's ${how} on after what waits`, async () => {
          const work = start(make());
          const error = new Error('the source is gone');
          await work.unready();
          // A notice waits in every strategy.
          work.emit(new Gap({ reason: 'trimmed' }, '1'));
          if (how === 'complete') work.complete();
          else work.fail(error);
          await endOfTick();
          expect(work.end).to.equal(undefined);
          await work.ready();
          await endOfTick();
          expect(work.output).to.have.length(1);
          expect(work.end?.reason).to.equal(how);
          if (how === 'error') expect(work.end?.error).to.equal(error);
        });
      }

      it('should let go of its source and of what waits when the client leaves', async () => {
        const work = start(make());
        await work.unready();
        work.emit(new Gap({ reason: 'trimmed' }));
        work.emit(message('a'));
        expect(work.listens).to.equal(true);
        work.leave();
        expect(work.listens).to.equal(false);
        await work.ready();
        await endOfTick();
        expect(work.output).to.deep.equal([]);
        expect(work.end).to.equal(undefined);
      });

      it('should keep its clients apart', async () => {
        const strategy = make();
        const [slow, quick] = [start(strategy), start(strategy)];
        await slow.unready();
        for (const data of 'abc') {
          slow.emit(message('s'));
          quick.emit(message(data));
        }
        await endOfTick();
        await slow.ready();
        expect(texts(quick)).to.equal('abc');
        expect(texts(slow).replace(/s/g, '')).to.equal('');
      });

      it('should hold no more than its limit, or end the client with ERR_OVERFLOW', async () => {
        const work = start(make());
        await work.unready();
        for (let i = 0; i < 3000 && work.end === undefined; i += 1) work.emit(message('x'.repeat(1000)));
        if (work.end === undefined) await work.ready();
        await endOfTick();
        if (work.end !== undefined) expect(TornadoseError.is(work.end.error, 'ERR_OVERFLOW')).to.equal(true);
        expect(work.end?.reason).to.be.oneOf([undefined, 'overflow']);
        expect(bytesOut(work)).to.be.at.most(mebibyte * 1.125 + 1100);
      });

      it('should count what waits behind it, as it is now and not as it was', async () => {
        const work = start(make());
        await work.unready(10);
        work.emit(message('first'));
        await work.ready();
        // All but 100 kB is in the socket.
        await work.unready(mebibyte - 100_000);
        const before = bytesOut(work);
        for (let i = 0; i < 300 && work.end === undefined; i += 1) work.emit(message('x'.repeat(1000)));
        await work.ready();
        await endOfTick();
        expect(bytesOut(work) - before).to.be.at.most(100_000 + mebibyte / 8 + 1100);
      });

      it('should not hold against a client what it has taken since', async () => {
        const work = start(make());
        await work.unready(mebibyte - 100);
        work.emit(message('a'));
        await work.ready();
        await work.unready(10);
        work.emit(message('x'.repeat(1000)));
        work.emit(message('y'.repeat(1000)));
        await work.ready();
        await endOfTick();
        expect(work.end).to.equal(undefined);
        if (keepsAll) expect(texts(work)).to.have.length(2001);
      });

      it('should pass on an event larger than its limit to a client for whom nothing waits', async () => {
        const work = start(make());
        work.emit(message('x'.repeat(2 * mebibyte)));
        await endOfTick();
        expect(work.end).to.equal(undefined);
        expect(texts(work)).to.have.length(2 * mebibyte);
      });
    });
  }
}
