import { reportError } from '../diagnostics.ts';
import type { PresenceMember } from '../presence/PresenceChange.ts';
import { Topic, type TopicOwner } from '../presence/Topic.ts';
import type { Tracked } from '../presence/Tracked.ts';
import { Announcements } from './Announcements.ts';
import type { ChannelListener } from './Channel.ts';
import type { Lane } from './Lane.ts';
import type { PresenceLink } from './PresenceLink.ts';
import { parseTracked } from './parseTracked.ts';
import { decodePayload } from './payload.ts';
import type { PresenceReply } from './presenceScript.ts';
import { Roster, type RosterOwner } from './Roster.ts';
import type { QueuedTopic } from './TopicQueue.ts';

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
  readonly #announcements: Announcements<M>;
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
    this.#announcements = new Announcements(name, this.locals, link);
    link.queue.register(this);
  }

  /** Whether somebody watches, so that it is known who is here. */
  get isFollowed(): boolean {
    return this.#roster !== undefined && this.#isLoaded;
  }

  /** Whether Redis has been told all that it is to know. */
  get isTold(): boolean {
    return this.#announcements.areMade;
  }

  override get isIdle(): boolean {
    return super.isIdle && this.isTold && !this.#isSyncing;
  }

  override dropped(): void {
    this.#link.queue.unregister(this);
  }

  // ── this process ───────────────────────────────────────────────────────────────────────────────────────────────

  override connect(tracked: Tracked<M>): () => void {
    const disconnect = super.connect(tracked);
    // Another process may have described the member since, which only those who watch are told: for Redis it may be news.
    if (!this.isFollowed) this.localChanged(tracked.id);
    return disconnect;
  }

  protected override localChanged(id: string): void {
    if (this.#announcements.changed(id)) this.#link.queue.add(this);
    this.check(id);
  }

  protected override present(id: string): Tracked<M> | undefined {
    const local = this.locals.get(id);
    // What was said here last is newer than what Redis lists until it knows of it.
    if (local !== undefined && this.#announcements.isPending(id)) return local;
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
    const local = tracked && this.locals.get(tracked.id);
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
      const reply = await this.#announcements.tell(wants, this.#lane);
      if (roster !== undefined && roster === this.#roster) this.#learn(roster, reply, wants, isRenewal);
    } catch (error) {
      this.#isDue = true;
      // Those who watch are not kept waiting: they see who is here, and the others when Redis is.
      if (roster !== undefined && roster === this.#roster) this.#begin(roster);
      throw error;
    } finally {
      this.#isSyncing = false;
    }
    if (this.#announcements.areDue || this.#roster?.isStale) this.#link.queue.add(this);
    else this.owner.emptied(this.name);
  }

  leave(): Promise<void> {
    return this.#announcements.end(this.owner.lingering.wait);
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
