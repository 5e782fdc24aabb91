import type { Subscriber } from 'rxjs';
import type { CountTicks } from './CountTicks.ts';
import type { Lingering } from './Lingering.ts';
import { Locals } from './Locals.ts';
import { Observers, type Told } from './Observers.ts';
import type { PresenceChange, PresenceMember } from './PresenceChange.ts';
import type { Tracked } from './Tracked.ts';

/** What a topic needs of the presence that it belongs to. */
export interface TopicOwner {
  readonly lingering: Lingering;
  readonly countTicks: CountTicks;
  /** Nobody may be here, and nobody watch, any more. */
  emptied(name: string): void;
}

/** From how many changes at once on, of half of the members or more, who is here is told as a whole: it is less. */
const burst = 100;

/**
 * Who is here, in one topic, and who watches. What was told is compared with what is so, member by member: whatever
 * happens while observers are told, all of them see one order, and end with what is so.
 */
export class Topic<M extends PresenceMember> {
  readonly name: string;
  protected readonly owner: TopicOwner;
  /** Those who are connected to this process. */
  readonly locals: Locals<M>;
  /** Who is here, as far as observers were told. */
  readonly #shown = new Map<string, Tracked<M>>();
  /** Those of whom it is to be seen whether what was told is still so. */
  readonly #unsettled = new Set<string>();
  #isSettling = false;
  #observers: Observers<M> | undefined;
  #watchers = 0;
  /** Observers who came before it was known who is here. */
  #waiting = new Map<Subscriber<never>, () => void>();

  constructor(name: string, owner: TopicOwner) {
    this.name = name;
    this.owner = owner;
    this.locals = new Locals(owner.lingering, (id) => {
      this.localChanged(id);
      owner.emptied(name);
    });
  }

  /** Whether there is nothing to keep it for. */
  get isIdle(): boolean {
    return this.locals.size === 0 && this.#watchers === 0;
  }

  /** It is not kept any more. */
  dropped(): void {}

  get size(): number {
    return this.#shown.size;
  }

  get members(): M[] {
    return Array.from(this.#shown.values(), ({ member }) => member);
  }

  // ── connections ────────────────────────────────────────────────────────────────────────────────────────────────

  /** One connection more. @returns the way to end it, to be called once */
  connect(tracked: Tracked<M>): () => void {
    const { id, json } = tracked;
    const isNews = this.locals.get(id)?.json !== json || this.present(id)?.json !== json;
    const disconnect = this.locals.connect(tracked);
    if (isNews) this.localChanged(id);
    return disconnect;
  }

  /** Called for a member who came to this process, left it, or is described in another way. */
  protected localChanged(id: string): void {
    this.check(id);
  }

  /** A member who is here, wherever that is. */
  protected present(id: string): Tracked<M> | undefined {
    return this.locals.get(id);
  }

  // ── observers ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Tells `subscriber` what comes, and for a feed and for counts first how it is now. */
  observe<Kind extends keyof Told<M>>(kind: Kind, subscriber: Subscriber<Told<M>[Kind]>): void {
    this.#observers ??= new Observers();
    const observers = this.#observers;
    this.#watchers += 1;
    if (this.#watchers === 1) this.observed();
    const greet = (): void => {
      observers.join(kind, subscriber);
      if (kind === 'feed') subscriber.next(observers.state(() => this.members) as Told<M>[Kind]);
      if (kind === 'counts') subscriber.next(this.size as Told<M>[Kind]);
    };
    subscriber.add(() => this.#unobserved(subscriber));
    if (this.isKnown) greet();
    else this.#waiting.set(subscriber, greet);
  }

  /** Ends the observers. */
  complete(): void {
    for (const subscriber of [...this.#waiting.keys()]) subscriber.complete();
    this.#observers?.complete();
  }

  tellCount(): void {
    this.#observers?.tellCount(this.size);
  }

  /** Whether it is known who is here. Until then nobody is told anything. */
  protected get isKnown(): boolean {
    return true;
  }

  /** The first observer has come. */
  protected observed(): void {}

  /** The last observer has left. */
  protected unobserved(): void {}

  #unobserved(subscriber: Subscriber<never>): void {
    this.#waiting.delete(subscriber);
    this.#watchers -= 1;
    if (this.#watchers > 0) return;
    this.#observers = undefined;
    this.unobserved();
    this.owner.emptied(this.name);
  }

  // ── what is told ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Tells what has become of a member, if that is news. */
  protected check(id: string): void {
    this.doubt(id);
    this.settle();
  }

  /** It is to be seen what has become of a member. */
  protected doubt(id: string): void {
    this.#unsettled.add(id);
  }

  /** It is known now who is here. Observers, if there are any, begin with it: they are not told how it came about. */
  protected begin(ids: Iterable<string>): void {
    for (const id of ids) {
      // One who came since the first observer did is news to it.
      if (this.#unsettled.has(id)) continue;
      const tracked = this.present(id);
      if (tracked === undefined) this.#shown.delete(id);
      else this.#shown.set(id, tracked);
    }
    this.#observers?.forget();
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const greet of waiting.values()) greet();
    this.settle();
  }

  /** Those who are shown. */
  protected get shownIds(): Iterable<string> {
    return this.#shown.keys();
  }

  protected settle(): void {
    if (this.#isSettling || !this.isKnown) return;
    this.#isSettling = true;
    const isBurst = this.#unsettled.size >= burst && this.#unsettled.size * 2 >= this.#shown.size;
    // Those that are added meanwhile come in their turn.
    for (const id of this.#unsettled) {
      this.#unsettled.delete(id);
      const change = this.#changeOf(id);
      if (change !== undefined) this.#tell(change, isBurst);
    }
    if (isBurst) this.#observers?.tellState(() => this.members);
    this.#isSettling = false;
  }

  #changeOf(id: string): PresenceChange<M> | undefined {
    const [before, now] = [this.#shown.get(id), this.present(id)];
    if (before?.json === now?.json) return undefined;
    if (now === undefined) this.#shown.delete(id);
    else this.#shown.set(id, now);
    const { member } = (now ?? before) as Tracked<M>;
    const type = now === undefined ? 'leave' : before === undefined ? 'join' : 'update';
    return { type, id, member, count: this.#shown.size };
  }

  #tell(change: PresenceChange<M>, isBurst: boolean): void {
    const observers = this.#observers;
    if (observers === undefined) return;
    observers.tell(change, !isBurst);
    if (change.type !== 'update' && observers.areCounting) this.owner.countTicks.add(this);
  }
}
