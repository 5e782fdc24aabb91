import { TornadoseError } from 'tornadose';

/** What `act` throws, for a closer look than `expect(…).to.throw` allows. */
export function thrown(act: () => unknown): TornadoseError & Record<string, unknown> {
  try {
    act();
  } catch (error) {
    if (error instanceof TornadoseError) return error as TornadoseError & Record<string, unknown>;
    throw error;
  }
  throw new Error('Expected a TornadoseError, and nothing was thrown');
}
