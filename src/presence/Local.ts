import type { Stay } from './Lingering.ts';
import type { PresenceMember } from './PresenceChange.ts';
import type { Tracked } from './Tracked.ts';

/** A member who is connected to this process, or was a moment ago. */
export class Local<M extends PresenceMember> implements Stay {
  tracked: Tracked<M>;
  connections = 0;
  dueAt: number = Number.NaN;
  readonly #left: (id: string) => void;

  constructor(tracked: Tracked<M>, left: (id: string) => void) {
    this.tracked = tracked;
    this.#left = left;
  }

  over(): void {
    this.#left(this.tracked.id);
  }
}
