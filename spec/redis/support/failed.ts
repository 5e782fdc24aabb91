import { TornadoseError } from 'tornadose';

/** The TornadoseError that a promise fails with; anything else is no answer that a user could rely on. */
export async function failed(promise: Promise<unknown>): Promise<TornadoseError> {
  const answer = await promise.then(
    (value) => new Error(`Expected a failure, got ${String(value)}`),
    (error: unknown) => error,
  );
  if (TornadoseError.is(answer)) return answer;
  throw answer;
}
