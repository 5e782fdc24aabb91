import type { PresenceMember } from '../presence/PresenceChange.ts';
import type { Tracked } from '../presence/Tracked.ts';
import type { PresenceReply } from './presenceScript.ts';

/** How many messages are held while the members are read. Without those beyond it, they are read once more. */
const mostHeld = 1_000;

/** What a roster needs to know of its members. */
export interface RosterOwner<M extends PresenceMember> {
  /** A member by its JSON, `undefined` for what is none. */
  parse(json: string): Tracked<M> | undefined;
  /** It may have come, have left, or be another. */
  changed(id: string): void;
}

/**
 * The members of one topic as Redis has them: read once, and kept up with what is published. Each message names the one
 * before it; where that is not the one that was seen last the members are read again.
 */
export class Roster<M extends PresenceMember> {
  readonly #owner: RosterOwner<M>;
  readonly #patience: number;
  readonly #listed = new Map<string, Tracked<M>>();
  #base = '0';
  #version = 0;
  #isStale = true;
  /** What was published while they are. */
  #held: string[] = [];
  /** The version in Redis, and here, when it was last looked at. By the next time both have it, or one has lost something. */
  #seen = { there: 0, here: 0 };
  /**
   * Those who were here before Redis lost the topic, and are not listed since. The processes that they are connected to
   * need a while to notice, in which nobody has left.
   */
  readonly #doubtful = new Set<string>();
  #doubtEnds = 0;

  constructor(owner: RosterOwner<M>, patience: number) {
    this.#owner = owner;
    this.#patience = patience;
  }

  /** Whether the members are to be read. */
  get isStale(): boolean {
    return this.#isStale;
  }

  get ids(): Iterable<string> {
    return this.#listed.keys();
  }

  get(id: string): Tracked<M> | undefined {
    return this.#listed.get(id);
  }

  /** Something may have been published that did not come. */
  missed(): void {
    this.#isStale = true;
  }

  /** The members are being asked for. What was published until now is in the answer, or belongs to what Redis has lost. */
  reading(): void {
    this.#held = [];
  }

  /** Takes in what was published. */
  received(message: string): void {
    if (!this.#isStale) this.#isStale = !this.#follow(message);
    if (!this.#isStale) return;
    if (this.#held.length === mostHeld) this.#held = [];
    this.#held.push(message);
  }

  /** Takes in what was read, and what was published since. */
  read(reply: PresenceReply): void {
    if (reply.base !== this.#base || reply.version > this.#version) this.#replace(reply);
    this.#isStale = false;
    const held = this.#held;
    this.#held = [];
    for (const message of held) this.received(message);
  }

  /** Compares it with what a renewal says. */
  compare({ base, version }: PresenceReply): void {
    const isBack = base === this.#base && version < this.#seen.here;
    // A replica has taken over that did not have all: what is read counts, though it is older.
    if (isBack) this.#version = 0;
    if (isBack || base !== this.#base || this.#seen.there > this.#version) this.#isStale = true;
    this.#seen = { there: version, here: this.#version };
  }

  /** Lets those go who did not come back in time. */
  endDoubt(): void {
    if (this.#doubtful.size === 0 || performance.now() < this.#doubtEnds || this.#isStale) return;
    const doubtful = [...this.#doubtful];
    this.#doubtful.clear();
    for (const id of doubtful) this.#delete(id);
  }

  /** @returns whether it is known, or comes right after what is */
  #follow(message: string): boolean {
    const [head = '', ...lines] = message.split('\n');
    const [base = '', before = '', after = ''] = head.split(' ');
    const version = Number(after);
    if (base === this.#base && version <= this.#version) return true;
    const isNext = base === this.#base && Number(before) === this.#version;
    if (!isNext && !(before === '0' && this.#base === '0')) return false;
    for (const line of lines) {
      if (!line.startsWith('l')) {
        this.#set(this.#owner.parse(line.slice(1)));
        continue;
      }
      const id = idIn(line.slice(1));
      // It is none of ours, so what it says is not known.
      if (id === undefined) return false;
      this.#delete(id);
    }
    this.#base = base;
    this.#version = version;
    return true;
  }

  #replace({ base, version, members }: PresenceReply): void {
    const isSame = base === this.#base;
    const gone = new Set(this.#listed.keys());
    this.#base = base;
    this.#version = version;
    this.#seen = { there: version, here: version };
    for (const json of members) {
      const tracked = this.#owner.parse(json);
      this.#set(tracked);
      if (tracked !== undefined) gone.delete(tracked.id);
    }
    if (!isSame && gone.size > 0) this.#doubtEnds = performance.now() + this.#patience;
    for (const id of gone) {
      if (!isSame) this.#doubtful.add(id);
      else if (!this.#doubtful.has(id)) this.#delete(id);
    }
  }

  #set(tracked: Tracked<M> | undefined): void {
    if (tracked === undefined) return;
    this.#doubtful.delete(tracked.id);
    this.#listed.set(tracked.id, tracked);
    this.#owner.changed(tracked.id);
  }

  #delete(id: string): void {
    this.#doubtful.delete(id);
    if (this.#listed.delete(id)) this.#owner.changed(id);
  }
}

function idIn(json: string): string | undefined {
  try {
    const id: unknown = JSON.parse(json);
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
