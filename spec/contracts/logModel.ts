import fc from 'fast-check';
import type { Observable } from 'rxjs';
import type { Gap, Message } from 'tornadose';
import { type Fault, faultsOf, idsOf, journalOf } from './faultsOf.ts';
import type { Ledger } from './Ledger.ts';
import { type Habits, ModelClient } from './ModelClient.ts';

/** A log in one process or two, with what may be done to it. */
export interface LogUnderTest {
  readonly ledger: Ledger;
  /** How many processes serve it. */
  readonly processes: number;
  since(
    process: number,
    position: string | undefined,
    otherwise: 'live' | 'earliest',
  ): Observable<Message<string> | Gap>;
  /** Publishes so many values of so many bytes, without waiting for an answer. */
  publish(count: number, bytes: number): void;
  /** A process ends, whose clients are gone, and another one takes its place. */
  restart(process: number): void;
  /** How often 5 ms may pass until what is to come has come. */
  readonly patience: number;
  /** Some time goes by, in ms. */
  pass(ms: number): Promise<void>;
  /** Has everything there again, and gives each publisher its answer. */
  settle(): Promise<void>;
  /** What is wrong with the log itself. */
  faults(): Promise<readonly Fault[]>;
  close(): Promise<void>;
}

/** What has been run: for those who print it. */
export interface Tally {
  runs: number;
  commands: number;
  acknowledged: number;
  delivered: number;
  notices: number;
  readonly faults: Record<Fault['kind'], number>;
}

export const newTally = (): Tally => ({
  ...{ runs: 0, commands: 0, acknowledged: 0, delivered: 0, notices: 0 },
  faults: { lost: 0, duplicated: 0, hole: 0, notice: 0, wrong: 0 },
});

/** One run: a log, and its clients. */
export interface Run<Log extends LogUnderTest> {
  readonly log: Log;
  readonly clients: readonly ModelClient[];
  readonly tally: Tally;
}

export type Command<Log extends LogUnderTest> = fc.AsyncCommand<Run<Log>, Run<Log>>;

/** Something that may be done at a time, under the name that a failure prints. */
export function command<Log extends LogUnderTest>(
  name: string,
  run: (run: Run<Log>) => unknown,
  check: (run: Run<Log>) => boolean = () => true,
): Command<Log> {
  return {
    check,
    async run(model) {
      model.tally.commands += 1;
      await run(model);
    },
    toString: () => name,
  };
}

const habits: readonly Omit<Habits, 'heartbeat'>[] = [
  { otherwise: 'live', divisor: 1 },
  { otherwise: 'earliest', divisor: 1 },
  { otherwise: 'live', divisor: 3 },
  { otherwise: 'earliest', divisor: 2 },
];
/** What each of them gets. */
const forEverybody = 6;

/** What part of the bytes has arrived when a client is cut. */
const part = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));

/** What may be done to any log. */
export function commandsOfAnyLog<Log extends LogUnderTest>(): fc.WeightedArbitrary<Command<Log>>[] {
  const client = fc.nat({ max: habits.length - 1 });
  const process = fc.nat({ max: 1 });
  const of = (run: Run<Log>, index: number): ModelClient => run.clients[index] as ModelClient;
  return [
    {
      weight: 8,
      arbitrary: fc
        .tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom(0, 0, 0, 300, 8_000))
        .map(([count, bytes]) => command(`publish(${count}, ${bytes})`, ({ log }) => log.publish(count, bytes))),
    },
    {
      weight: 6,
      arbitrary: fc.tuple(client, process).map(([index, asked]) =>
        command(
          `come(${index}, ${asked})`,
          (run) => come(run, of(run, index), asked % run.log.processes),
          (run) => !of(run, index).isHere,
        ),
      ),
    },
    {
      weight: 5,
      arbitrary: fc.tuple(client, part).map(([index, arrived]) =>
        command(
          `cut(${index}, ${arrived})`,
          (run) => of(run, index).cut(arrived),
          (run) => of(run, index).isHere,
        ),
      ),
    },
    {
      weight: 3,
      arbitrary: client.map((index) =>
        command(
          `stall(${index})`,
          (run) => of(run, index).stall(),
          (run) => of(run, index).isHere && !of(run, index).isStalled,
        ),
      ),
    },
    {
      weight: 3,
      arbitrary: client.map((index) =>
        command(
          `drain(${index})`,
          (run) => of(run, index).drain(),
          (run) => of(run, index).isStalled,
        ),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(process, part).map(([asked, arrived]) =>
        command(`restart(${asked}, ${arrived})`, ({ log, clients }) => {
          const ended = asked % log.processes;
          for (const each of clients) if (each.process === ended) each.cut(arrived);
          log.restart(ended);
        }),
      ),
    },
  ];
}

function come<Log extends LogUnderTest>({ log }: Run<Log>, client: ModelClient, process: number): void {
  client.come(process, (position, otherwise) => log.since(process, position, otherwise));
}

/** Carries out the commands, has all clients come back, and holds what they have seen against the ledger. @throws Error */
export async function runModel<Log extends LogUnderTest>(
  log: Log,
  commands: Iterable<Command<Log>>,
  tally: Tally,
  heartbeat: number,
): Promise<void> {
  const clients = habits.map(
    (each) => new ModelClient(log.ledger, { ...each, heartbeat: each.divisor === 1 ? false : heartbeat }),
  );
  const run: Run<Log> = { log, clients, tally };
  const faults: Fault[] = [];
  try {
    await fc.asyncModelRun(() => ({ model: run, real: run }), commands);
    await conclude(run, faults);
  } finally {
    for (const each of clients) each.cut(1);
    await log.close();
  }
  const { ledger } = log;
  const ids = idsOf(ledger, clients, faults);
  faults.push(...(await log.faults()));
  const texts = faults.map(({ text }) => text);
  for (const [index, client] of clients.entries()) {
    const its = faultsOf(client, ledger, ids);
    faults.push(...its);
    texts.push(`client ${index}: ${its.map(({ text }) => text).join('; ')}\n  ${journalOf(client, ids)}`);
  }
  tally.runs += 1;
  tally.acknowledged += ledger.acknowledged;
  for (const { notes } of clients) {
    tally.delivered += notes.filter(({ kind }) => kind === 'value').length;
    tally.notices += notes.filter(({ kind }) => kind === 'gap').length;
  }
  for (const { kind } of faults) tally.faults[kind] += 1;
  if (faults.length > 0) throw new Error(`${texts.join('\n')}\n${ledger.toString()}`);
}

/** Everybody is there, and one more value comes. */
async function conclude<Log extends LogUnderTest>(run: Run<Log>, faults: Fault[]): Promise<void> {
  const { log, clients } = run;
  const { ledger } = log;
  const until = async (holds: () => boolean): Promise<void> => {
    for (let waited = 0; !holds() && waited < log.patience; waited += 1) await log.pass(5);
  };
  await log.settle();
  for (const [index, each] of clients.entries()) {
    if (each.isHere) each.drain();
    else come(run, each, index % log.processes);
  }
  // Who wants the earliest of a log that was emptied learns where it is when there is one.
  log.publish(1, 0);
  await until(() => clients.every(({ isPlaced }) => isPlaced));
  // Whoever is overtaken on the way to the first is there for the second.
  for (const isThere of [(each: ModelClient) => each.latest === ledger.issued || each.endsWithGap, undefined]) {
    do {
      log.publish(1, 0);
      await log.settle();
    } while (ledger.issued % forEverybody !== 0 || ledger.at(ledger.issued)?.fate !== 'acknowledged');
    await until(() => clients.every(isThere ?? (({ latest }) => latest === ledger.issued)));
  }
  for (const [index, { latest }] of clients.entries())
    if (latest !== ledger.issued)
      faults.push({ kind: 'lost', text: `client ${index} is at ${latest} and never comes to ${ledger.issued}` });
}

/** How many commands a run has, at most. `REPLAY_PATH` is the `replayPath` of a failure, without which its path is of no use. */
export const lengths: fc.CommandsContraints = {
  maxCommands: 60,
  size: 'max',
  ...(process.env.REPLAY_PATH === undefined ? {} : { replayPath: process.env.REPLAY_PATH }),
};

/** What to run, from the environment: `SEED` and `MODEL_PATH` as a failure prints them, and how many `RUNS`. */
export function parametersOf(runs: number): {
  readonly seed?: number;
  readonly path?: string;
  readonly numRuns: number;
} {
  const { SEED, RUNS, MODEL_PATH } = process.env;
  return {
    numRuns: RUNS === undefined ? runs : Number(RUNS),
    ...(SEED === undefined ? {} : { seed: Number(SEED) }),
    ...(MODEL_PATH === undefined ? {} : { path: MODEL_PATH }),
  };
}

/** How many runs go by between two looks at the clock: each seed gives as many. */
export const batch = 10;

/** As many runs as there is time for, in ms, or what the environment says. */
export async function assertFor<Values>(ms: number, property: fc.IAsyncProperty<Values>): Promise<void> {
  const { SEED, RUNS } = process.env;
  if (SEED !== undefined || RUNS !== undefined) {
    await fc.assert(property, parametersOf(batch));
    return;
  }
  const ends = performance.now() + ms;
  const first = Math.floor(Math.random() * 2 ** 30);
  // To find the smallest example may take long: after a minute, what was found until then will do.
  const parameters = { numRuns: batch, interruptAfterTimeLimit: 60_000 };
  for (let seed = first; performance.now() < ends; seed += 1) await fc.assert(property, { seed, ...parameters });
}
