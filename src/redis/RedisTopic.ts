import { reportError } from '../diagnostics.ts';
import type { PresenceMember } from '../presence/PresenceChange.ts';
import { Topic, type TopicOwner } from '../presence/Topic.ts';
import type { Tracked } from '../presence/Tracked.ts';
import { newEpoch } from '../stores/position.ts';
import type { ChannelListener } from './Channel.ts';
import type { Lane } from './Lane.ts';
import type { PresenceLink } from './PresenceLink.ts';
import { parseTracked } from './parseTracked.ts';
import { decodePayload } from './payload.ts';
import type { PresenceReply } from './presenceScript.ts';
import { Roster, type RosterOwner } from './Roster.ts';
import type { QueuedTopic } from './TopicQueue.ts';

/** How many members one command tells of. */
const chunk = 200;

const plainText = { encode: String, decode: String };

/**
 * One topic in one process: its own members, whom it tells Redis of, and while somebody watches those that Redis lists.
 * Who is connected here is here, whatever Redis says; who was told of is gone when Redis says so.
 */
export class RedisTopic<M extends PresenceMember>
  extends Topic<M>
  implements QueuedTopic, ChannelListener, RosterOwner<M>
{
  readonly #link: PresenceLink;
  readonly #channel: string;
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
  #isSyncing = false;
  #isDue = false;
  #roster: Roster<M> | undefined;
  #lane: Lane | undefined;
  #isLoaded = false;
  /** Something may have been published that did not come, since the members were asked for. */
  #hasMissed = false;

  constructor(name: string, owner: TopicOwner, link: PresenceLink) {
    super(name, owner);
    this.#link = link;
    this.#channel = link.channelOf(name);
    link.queue.register(this);
  }

  /** Whether somebody watches, so that it is known who is here. */
  get isFollowed(): boolean {
    return this.#roster !== undefined && this.#isLoaded;
  }

  /** Whether Redis has been told all that it is to know. */
  get isTold(): boolean {
    return this.#dirty.size === 0 && this.#sent.size === 0;
  }

  override get isIdle(): boolean {
    return super.isIdle && this.isTold && !this.#isSyncing;
  }

  override dropped(): void {
    this.#link.queue.unregister(this);
  }

  // ── this process ───────────────────────────────────────────────────────────────────────────────────────────────

  get locals(): M[] {
    return Array.from(this.localIds, (id) => (this.local(id) as Tracked<M>).member);
  }

  protected override localChanged(id: string): void {
    if (this.local(id) !== undefined || this.#told.has(id)) {
      this.#dirty.add(id);
      this.#link.queue.add(this);
    } else {
      this.#dirty.delete(id);
    }
    this.check(id);
  }

  protected override present(id: string): Tracked<M> | undefined {
    const local = this.local(id);
    // What was said here last is newer than what Redis lists until it knows of it.
    if (local !== undefined && (this.#dirty.has(id) || this.#sent.has(id))) return local;
    return this.#roster?.get(id) ?? local;
  }

  // ── who watches ────────────────────────────────────────────────────────────────────────────────────────────────

  protected override get isKnown(): boolean {
    return this.#roster === undefined || this.#isLoaded;
  }

  protected override observed(): void {
    this.#roster = new Roster(this, this.#link.ttl);
    this.#isLoaded = false;
    this.#link.subscriber.add(this.#channel, this, this.#link.timeout);
    this.#lane = this.#link.laneBehind(this.#channel);
    this.#link.queue.add(this);
  }

  protected override unobserved(): void {
    this.#link.subscriber.remove(this.#channel, this);
    this.#roster = undefined;
    this.#lane = undefined;
    // What is known beside the members that are here is out of date from now on.
    this.begin([...this.shownIds]);
  }

  // ── what Redis says ────────────────────────────────────────────────────────────────────────────────────────────

  received(payload: Uint8Array): void {
    try {
      this.#roster?.received(decodePayload(plainText, payload, this.#channel, Number.POSITIVE_INFINITY));
    } catch (error) {
      reportError('presence', error);
      this.#roster?.missed();
    }
    this.settle();
    if (this.#roster?.isStale) this.#link.queue.add(this);
  }

  missed(): void {
    this.#hasMissed = true;
    this.#roster?.missed();
    this.#link.queue.add(this);
  }

  parse(json: string): Tracked<M> | undefined {
    const tracked = parseTracked<M>(json, this.#channel);
    const local = tracked && this.local(tracked.id);
    // Mostly it is what was said here: then it is not kept twice.
    return local?.json === json ? local : tracked;
  }

  changed(id: string): void {
    // What comes at once is told at once. Who was here before the first observer is no news.
    if (this.#isLoaded) this.doubt(id);
  }

  // ── what Redis is told ─────────────────────────────────────────────────────────────────────────────────────────

  renew(): void {
    this.#roster?.endDoubt();
    this.settle();
    this.#isDue = true;
    this.#link.queue.add(this);
  }

  async sync(): Promise<void> {
    const roster = this.#roster;
    const wants = roster?.isStale === true;
    const isRenewal = this.#isDue;
    this.#isSyncing = true;
    this.#isDue = false;
    this.#hasMissed = false;
    if (wants) roster?.reading();
    try {
      const reply = await this.#tell(wants, this.#taken());
      this.#sent.clear();
      if (roster !== undefined && roster === this.#roster) this.#learn(roster, reply, wants, isRenewal);
    } catch (error) {
      for (const id of this.#sent) this.#dirty.add(id);
      this.#sent.clear();
      this.#isDue = true;
      // Those who watch are not kept waiting: they see who is here, and the others when Redis is.
      if (roster !== undefined && roster === this.#roster) this.#begin(roster);
      throw error;
    } finally {
      this.#isSyncing = false;
    }
    if (this.#dirty.size > 0 || this.#roster?.isStale) this.#link.queue.add(this);
    else this.owner.emptied(this.name);
  }

  async leave(): Promise<void> {
    if (this.#obeyed === 0) return;
    const { wait } = this.owner.lingering;
    const ids = wait > 0 ? [] : [...this.#told];
    // The last lease is for the linger alone: nobody renews it, and it may be longer than those that were.
    await this.#send(
      wait,
      false,
      ids.flatMap((id) => [id, '']),
    );
  }

  /** The members that Redis is told of next. */
  #taken(): string[] {
    const members: string[] = [];
    for (const id of this.#dirty) {
      if (this.#sent.size === chunk) break;
      const local = this.local(id);
      this.#dirty.delete(id);
      this.#sent.add(id);
      if (local !== undefined) this.#told.add(id);
      members.push(id, local?.json ?? '');
    }
    return members;
  }

  async #tell(wants: boolean, members: readonly string[]): Promise<PresenceReply> {
    // Without a lease what Redis has from here would stay for ever, so it goes with the last of it.
    const lease = this.hasLocal || this.#dirty.size > 0 ? this.#link.lease : 0;
    const reply = await this.#send(lease, wants, members);
    for (const id of this.#sent) if (this.local(id) === undefined) this.#told.delete(id);
    const isForgotten = reply.obeyed < this.#obeyed;
    this.#obeyed = lease > 0 ? this.#commands : 0;
    if (isForgotten) this.#beginAgain();
    return reply;
  }

  #send(lease: number, wants: boolean, members: readonly string[]): Promise<PresenceReply> {
    this.#commands += 1;
    const what = { process: this.#process, command: this.#commands, lease, wants, members };
    return this.#link.tell(this.name, what, wants ? this.#lane : undefined);
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
    for (const id of this.localIds) this.#dirty.add(id);
  }

  #learn(roster: Roster<M>, reply: PresenceReply, wants: boolean, isRenewal: boolean): void {
    if (wants) {
      roster.read(reply);
      if (this.#hasMissed) roster.missed();
      this.#begin(roster);
    } else if (isRenewal) {
      roster.compare(reply);
    }
  }

  #begin(roster: Roster<M>): void {
    if (this.#isLoaded) {
      this.settle();
      return;
    }
    this.#isLoaded = true;
    this.begin(roster.ids);
  }
}
