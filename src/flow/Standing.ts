/**
 * Where a client stands in a log. One that gets nothing for long, as its `filter` lets nothing through, would come back
 * with a position that the log has forgotten.
 */
export class Standing {
  readonly #position: () => string;
  #before: string | undefined;
  #told: string | undefined;

  constructor(position: () => string) {
    this.#position = position;
  }

  /** The position to tell now. */
  now(): string {
    this.#told = this.#position();
    return this.#told;
  }

  /**
   * Called from time to time. Gives the position to tell to a client that has got nothing since the last time: the one of
   * that time, since what came later may still be on its way through operators that wait.
   */
  check(gotSomething: boolean): string | undefined {
    const before = this.#before;
    this.#before = this.#position();
    // It has an id from what it got: it needs another one when the log has moved on since.
    if (gotSomething) this.#told = this.#before;
    if (gotSomething || before === undefined || before === this.#told) return undefined;
    this.#told = before;
    return before;
  }
}
