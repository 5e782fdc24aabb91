import type { Case, Load } from './cases.ts';
import { connections } from './measures/connections.ts';
import { delivery } from './measures/delivery.ts';
import { loop } from './measures/loop.ts';
import type { Sample } from './measures/Sample.ts';
import { stalled } from './measures/stalled.ts';
import { stream } from './measures/stream.ts';
import type { Server } from './servers.ts';
import { Trial } from './Trial.ts';

/** No run takes longer, whatever a server does: one that never answers has failed. In ms. */
const longest = 120_000;

/** One run of one case: a new server process and a new load process, which are gone afterwards. */
export async function measure(server: Server, { question }: Case, load: Load, profile?: string): Promise<Sample> {
  const trial = new Trial(server, question, profile);
  let deadline: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, fail) => {
    deadline = setTimeout(() => fail(new Error(`It took more than ${longest / 1000} s`)), longest);
  });
  try {
    return await Promise.race([trial.start().then(() => sampleOf(trial, load)), tooLate]);
  } finally {
    clearTimeout(deadline);
    await trial.end();
  }
}

function sampleOf(trial: Trial, load: Load): Promise<Sample> {
  switch (load.kind) {
    case 'delivery':
      return delivery(trial, load);
    case 'stalled':
      return stalled(trial, load);
    case 'stream':
      return stream(trial, load);
    case 'loop':
      return loop(trial, load);
    default:
      return connections(trial, load);
  }
}
