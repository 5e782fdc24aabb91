import fc from 'fast-check';
import type { Observable } from 'rxjs';
import sinon from 'sinon';
import { type Gap, type Message, QueueStore } from 'tornadose';
import type { Fault } from '../contracts/faultsOf.ts';
import { Ledger, type Retention } from '../contracts/Ledger.ts';
import {
  type Command,
  command,
  commandsOfAnyLog,
  type LogUnderTest,
  lengths,
  newTally,
  parametersOf,
  runModel,
} from '../contracts/logModel.ts';
import { endOfTick } from '../support/endOfTick.ts';

/** A `QueueStore` beside its model. Time goes by as it is told to. */
class QueueUnderTest implements LogUnderTest {
  readonly ledger: Ledger;
  readonly processes = 1;
  readonly patience = 50;
  readonly #clock: sinon.SinonFakeTimers;
  readonly #retention: Retention;
  #store: QueueStore<string>;

  constructor(clock: sinon.SinonFakeTimers, retention: Retention) {
    this.#clock = clock;
    this.#retention = retention;
    this.ledger = new Ledger(retention, () => performance.now());
    this.#store = this.#made();
  }

  since(
    _process: number,
    position: string | undefined,
    otherwise: 'live' | 'earliest',
  ): Observable<Message<string> | Gap> {
    return this.#store.since(position, { otherwise });
  }

  publish(count: number, bytes: number): void {
    for (let n = 0; n < count; n += 1) {
      const entry = this.ledger.issue(bytes);
      this.#store.submit(entry.text);
      entry.fate = 'acknowledged';
    }
  }

  restart(): void {
    void this.#store.close();
    this.ledger.damage({ kind: 'epoch', number: this.ledger.issued });
    this.#store = this.#made();
  }

  async pass(ms: number): Promise<void> {
    this.#clock.tick(ms);
    await endOfTick();
  }

  async settle(): Promise<void> {
    for (let turns = 0; turns < 5; turns += 1) await endOfTick();
  }

  async faults(): Promise<readonly Fault[]> {
    return [];
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #made(): QueueStore<string> {
    const { count, bytes, ttl } = this.#retention;
    const store = new QueueStore<string>({ history: { size: count, maxBytes: bytes, ...(ttl < 1e9 && { ttl }) } });
    // Its ids are seen by somebody.
    store.since().subscribe(({ id, data, event }) => {
      const entry = event === undefined ? this.ledger.at(Number.parseInt(String(data), 10)) : undefined;
      if (entry !== undefined) entry.id = id;
    });
    return store;
  }
}

const commands: fc.Arbitrary<Command<QueueUnderTest>> = fc.oneof(
  ...commandsOfAnyLog<QueueUnderTest>(),
  {
    weight: 6,
    arbitrary: fc.integer({ min: 1, max: 5 }).map((turns) =>
      command<QueueUnderTest>(`turn(${turns})`, async () => {
        for (let turn = 0; turn < turns; turn += 1) await endOfTick();
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(10, 500, 1_000, 1_100)
      .map((ms) => command<QueueUnderTest>(`pass(${ms})`, ({ log }) => log.pass(ms))),
  },
);

const retention: fc.Arbitrary<Retention> = fc.record({
  count: fc.constantFrom(1, 3, 10, 40, 1_000),
  bytes: fc.constantFrom(2_000, 20_000, 1_000_000),
  ttl: fc.constantFrom(1_000, Number.MAX_SAFE_INTEGER),
});

describe('QueueStore, beside a model of it', () => {
  it('should lose nothing without a word, repeat nothing and give no false notice, whatever happens', async function () {
    this.timeout(0);
    const tally = newTally();
    await fc.assert(
      fc.asyncProperty(retention, fc.commands([commands], lengths), async (retained, steps) => {
        // A failure is printed on the real one.
        const clock = sinon.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
        try {
          await runModel(new QueueUnderTest(clock, retained), steps, tally, 1_000);
        } finally {
          clock.restore();
        }
      }),
      parametersOf(800),
    );
  });
});
