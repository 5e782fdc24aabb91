import { whenDone } from '../../src/stores/turns.ts';

/** The end of the tick, when what it brought has been written, and what clients had missed, however busy the machine is. */
export const endOfTick = (): Promise<void> => new Promise((resolve) => whenDone(resolve));
