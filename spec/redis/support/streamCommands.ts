import fc from 'fast-check';
import { type Command, command, commandsOfAnyLog } from '../../contracts/logModel.ts';
import type { StreamUnderTest } from './StreamUnderTest.ts';

type OfStream = Command<StreamUnderTest>;

/** What Redis has to be there for. */
const there = (name: string, run: (log: StreamUnderTest) => unknown): OfStream =>
  command(
    name,
    ({ log }) => run(log),
    ({ log }) => !log.isDown,
  );

/** What may be done to a stream of Redis. `crashes` is how often Redis is killed, beside the weights of the others. */
export function streamCommands(crashes: number): fc.Arbitrary<OfStream> {
  const after: OfStream = command(
    'recover()',
    ({ log }) => log.recover(),
    ({ log }) => log.isDown,
  );
  return fc.oneof(
    ...commandsOfAnyLog<StreamUnderTest>(),
    { weight: 2, arbitrary: fc.constant(there('publishKeyed()', (log) => log.publishKeyed())) },
    { weight: 1, arbitrary: fc.constant(there('add()', (log) => log.add())) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(0, 1, 3, 10)
        .map((retained) => there(`trim(${retained})`, (log) => log.trim(retained))),
    },
    { weight: 1, arbitrary: fc.constant(there('hole()', (log) => log.hole())) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('DEL' as const, 'FLUSHALL' as const)
        .map((how) => there(`wipe(${how})`, (log) => log.wipe(how))),
    },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom('readers' as const, 'publisher' as const)
        .map((which) => there(`cutRedis(${which})`, (log) => log.cutRedis(which))),
    },
    { weight: crashes, arbitrary: fc.constant(there('crash()', (log) => log.crash())) },
    { weight: 2 * crashes, arbitrary: fc.constant(after) },
    {
      weight: 6,
      arbitrary: fc
        .constantFrom(0, 0, 1, 2, 5, 10)
        .map((ms) => command<StreamUnderTest>(`pass(${ms})`, ({ log }) => log.pass(ms))),
    },
  );
}
