const nothing = (): void => {};

/**
 * The same promise, whose rejection takes no process down when nobody looks at it: a Redis that is away is no reason
 * for that.
 */
export function handled<Answer>(promise: Promise<Answer>): Promise<Answer> {
  promise.catch(nothing);
  return promise;
}

/** A promise that has failed, and takes no process down. */
export function rejected(error: unknown): Promise<never> {
  return handled(Promise.reject(error));
}
