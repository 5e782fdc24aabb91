import type { Locals } from '../presence/Locals.ts';
import type { PresenceMember } from '../presence/PresenceChange.ts';
import { newEpoch } from '../stores/position.ts';
import type { Lane } from './Lane.ts';
import type { PresenceLink } from './PresenceLink.ts';
import type { PresenceReply } from './presenceScript.ts';

/** How many members one command tells of. */
const chunk = 200;

/** What this process tells Redis of one topic: who of its members Redis knows, and who it has yet to be told of. */
export class Announcements<M extends PresenceMember> {
  readonly #topic: string;
  readonly #locals: Locals<M>;
  readonly #link: PresenceLink;
  /** Members of whom Redis does not know yet what has become. */
  readonly #dirty = new Set<string>();
  /** Those of whom it is being told. */
  readonly #sent = new Set<string>();
  /** Those that it may have from here. Those that it never had need not be taken back. */
  readonly #told = new Set<string>();
  /** The name under which Redis knows this process. */
  #process = newEpoch(8);
  /** How many commands it was sent, and the last one that it has obeyed and has to remember. */
  #commands = 0;
  #obeyed = 0;

  constructor(topic: string, locals: Locals<M>, link: PresenceLink) {
    this.#topic = topic;
    this.#locals = locals;
    this.#link = link;
  }

  /** Whether Redis has been told all that it is to know. */
  get areMade(): boolean {
    return this.#dirty.size === 0 && this.#sent.size === 0;
  }

  /** Whether there is something to tell that is not being told. */
  get areDue(): boolean {
    return this.#dirty.size > 0;
  }

  /** Whether Redis may not know yet what has become of a member. */
  isPending(id: string): boolean {
    return this.#dirty.has(id) || this.#sent.has(id);
  }

  /** A member has come to this process, has left it, or is another. @returns whether Redis is to be told */
  changed(id: string): boolean {
    const isNews = this.#locals.get(id) !== undefined || this.#told.has(id);
    if (isNews) this.#dirty.add(id);
    else this.#dirty.delete(id);
    return isNews;
  }

  /** Tells Redis of the next members, and that this process is alive. What it could not be told of is due again. */
  async tell(wants: boolean, lane: Lane | undefined): Promise<PresenceReply> {
    try {
      const members = this.#taken();
      // Without a lease what Redis has from here would stay for ever, so it goes with the last of it.
      const lease = this.#locals.size > 0 || this.areDue ? this.#link.lease : 0;
      const reply = await this.#send(lease, wants, members, wants ? lane : undefined);
      for (const id of this.#sent) if (this.#locals.get(id) === undefined) this.#told.delete(id);
      const isForgotten = reply.obeyed < this.#obeyed;
      this.#obeyed = lease > 0 ? this.#commands : 0;
      if (isForgotten) this.#beginAgain();
      return reply;
    } catch (error) {
      for (const id of this.#sent) this.#dirty.add(id);
      throw error;
    } finally {
      this.#sent.clear();
    }
  }

  /** Tells Redis that this process ends. Its members stay for `linger` ms. */
  async end(linger: number): Promise<void> {
    if (this.#obeyed === 0) return;
    const ids = linger > 0 ? [] : [...this.#told];
    // The last lease is for the linger alone: nobody renews it, and it may be longer than those that were.
    await this.#send(
      linger,
      false,
      ids.flatMap((id) => [id, '']),
    );
  }

  #taken(): string[] {
    const members: string[] = [];
    for (const id of this.#dirty) {
      if (this.#sent.size === chunk) break;
      const local = this.#locals.get(id);
      this.#dirty.delete(id);
      this.#sent.add(id);
      if (local !== undefined) this.#told.add(id);
      members.push(id, local?.json ?? '');
    }
    return members;
  }

  #send(lease: number, wants: boolean, members: readonly string[], lane?: Lane): Promise<PresenceReply> {
    this.#commands += 1;
    const what = { process: this.#process, command: this.#commands, obeyed: this.#obeyed, lease, wants, members };
    return this.#link.tell(this.#topic, what, lane);
  }

  /**
   * Redis has lost what it was told, or had to take this process for dead. Nobody knows what of it: what is left will
   * expire, and under another name it is told everything.
   */
  #beginAgain(): void {
    this.#process = newEpoch(8);
    this.#obeyed = 0;
    this.#told.clear();
    this.#dirty.clear();
    for (const id of this.#locals.ids) this.#dirty.add(id);
  }
}
