import fc from 'fast-check';
import { type Command, lengths, runModel, type Tally } from '../../contracts/logModel.ts';
import { type Bench, type StreamSettings, StreamUnderTest } from './StreamUnderTest.ts';
import { streamCommands } from './streamCommands.ts';

const anySettings: fc.Arbitrary<StreamSettings> = fc.record({
  isDurable: fc.boolean(),
  maxLength: fc.constantFrom(10, 30, 10_000),
  ttl: fc.constantFrom(undefined, undefined, 15),
  timeout: fc.constantFrom(5_000, 5_000, 50),
});

/** How often the clients behind a filter are told where they are, in ms. */
const heartbeat = 10;

/** Whatever may happen to a stream, on a Redis that keeps all and on one that keeps nothing when it is killed. */
export function streamModel(
  benches: readonly Bench[],
  tally: Tally,
  crashes: number,
): fc.IAsyncProperty<[StreamSettings, Iterable<Command<StreamUnderTest>>]> {
  return fc.asyncProperty(anySettings, fc.commands([streamCommands(crashes)], lengths), async (settings, steps) => {
    const bench = benches.find(({ isDurable }) => isDurable === settings.isDurable) as Bench;
    await runModel(new StreamUnderTest(bench, settings), steps, tally, heartbeat);
  });
}
