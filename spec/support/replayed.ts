import { whenDone } from '../../src/stores/turns.ts';
import { endOfTick } from './endOfTick.ts';

/** When no log has anything more to replay, in whichever turn that is on a busy machine, and what it brought has been written. */
export async function replayed(): Promise<void> {
  await new Promise<void>((resolve) => whenDone(resolve));
  await endOfTick();
}
