/** The end of the tick, when what it brought has been written. */
export const endOfTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
