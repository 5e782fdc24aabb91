import { memo } from '../memo.ts';
import { Backoff } from './Backoff.ts';
import type { StreamListener } from './Followed.ts';

/** Streams that Redis did not give: each is asked for again after a while of its own, later each time that it fails. */
export class SetAside {
  readonly #timers = new Map<StreamListener, ReturnType<typeof setTimeout>>();
  /** Those that are asked for again, until they were read, with the number of the first read that does. */
  readonly #onTrial = new Map<StreamListener, number>();
  /** How long each waits when it is set aside; forgotten once it was read. */
  readonly #backoffs = new WeakMap<StreamListener, Backoff>();
  readonly #askAgain: (listener: StreamListener) => void;

  constructor(askAgain: (listener: StreamListener) => void) {
    this.#askAgain = askAgain;
  }

  /** How many wait. */
  get size(): number {
    return this.#timers.size;
  }

  add(listener: StreamListener): void {
    this.#onTrial.delete(listener);
    const backoff = memo(this.#backoffs, listener, () => new Backoff(100, 30_000));
    this.#timers.set(
      listener,
      setTimeout(() => this.#release(listener), backoff.next()),
    );
  }

  /** It is not wanted any more. @returns whether it has waited */
  delete(listener: StreamListener): boolean {
    clearTimeout(this.#timers.get(listener));
    this.#onTrial.delete(listener);
    return this.#timers.delete(listener);
  }

  /** Redis may be another one, or has loaded what it had not: all are asked for again now. */
  releaseAll(): void {
    for (const [listener, timer] of [...this.#timers]) {
      // Of those before it, one may have led to its removal.
      if (this.#timers.get(listener) !== timer) continue;
      clearTimeout(timer);
      this.#release(listener);
    }
  }

  /** It is asked for from read number `read` on. */
  asked(listener: StreamListener, read: number): void {
    if (this.#backoffs.has(listener)) this.#onTrial.set(listener, read);
  }

  /** Nothing is read any more. */
  stopAsking(): void {
    this.#onTrial.clear();
  }

  /** What was asked for in this read, and not set aside again, has no failures to its name any more. */
  wasRead(read: number): void {
    for (const [listener, first] of this.#onTrial) {
      if (first > read) continue;
      this.#onTrial.delete(listener);
      this.#backoffs.delete(listener);
    }
  }

  #release(listener: StreamListener): void {
    this.#timers.delete(listener);
    this.#askAgain(listener);
  }
}
