import type { Demand } from '../pull/demand.ts';

/** The sources that wait until one client can take more. */
export class Pulling {
  #waiting: (() => void)[] = [];

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  add(resume: () => void): void {
    this.#waiting.push(resume);
  }

  /** Lets them go on, one after the other, while the client can take more. */
  resume(client: Demand): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    let resumed = 0;
    try {
      while (resumed < waiting.length && client.ready) {
        resumed += 1;
        waiting[resumed - 1]?.();
      }
    } finally {
      // Those whose turn has not come are first next time, or one endless source would keep the others from theirs.
      if (resumed < waiting.length) this.#waiting = [...waiting.slice(resumed), ...this.#waiting];
    }
  }
}
