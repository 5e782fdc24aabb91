import type { Lingering } from './Lingering.ts';
import { Local } from './Local.ts';
import type { PresenceMember } from './PresenceChange.ts';
import type { Tracked } from './Tracked.ts';

/** The members of one topic who are connected to this process, or were a moment ago. */
export class Locals<M extends PresenceMember> {
  readonly #lingering: Lingering;
  readonly #left: (id: string) => void;
  readonly #byId = new Map<string, Local<M>>();

  /** `left` is told of each who is not there any more. */
  constructor(lingering: Lingering, left: (id: string) => void) {
    this.#lingering = lingering;
    this.#left = left;
  }

  get size(): number {
    return this.#byId.size;
  }

  get ids(): Iterable<string> {
    return this.#byId.keys();
  }

  get members(): M[] {
    return Array.from(this.#byId.values(), ({ tracked }) => tracked.member);
  }

  get(id: string): Tracked<M> | undefined {
    return this.#byId.get(id)?.tracked;
  }

  /** One connection more. @returns the way to end it, to be called once */
  connect(tracked: Tracked<M>): () => void {
    const { id } = tracked;
    const local = this.#byId.get(id) ?? new Local(tracked, this.#over);
    if (local.connections === 0) this.#lingering.delete(local);
    local.connections += 1;
    local.tracked = tracked;
    this.#byId.set(id, local);
    return () => this.#disconnect(local);
  }

  #disconnect(local: Local<M>): void {
    local.connections -= 1;
    if (local.connections > 0 || this.#byId.get(local.tracked.id) !== local) return;
    if (this.#lingering.wait > 0) this.#lingering.add(local);
    else local.over();
  }

  readonly #over = (id: string): void => {
    this.#byId.delete(id);
    this.#left(id);
  };
}
