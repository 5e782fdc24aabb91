import type { Subscriber } from 'rxjs';
import { reportError } from '../diagnostics.ts';
import { Emission } from '../encoding/Emission.ts';
import { Message } from '../message.ts';
import { Audience } from '../stores/Audience.ts';
import type { PresenceChange, PresenceMember, PresenceState } from './PresenceChange.ts';

/** What {@link Observers.feed} gets: the state, and then each change. */
export type PresenceMessage<M extends PresenceMember = PresenceMember> = Message<PresenceState<M> | PresenceChange<M>>;

/** What is told of a topic, by the kind of those who are told. */
export interface Told<M extends PresenceMember> {
  feed: PresenceMessage<M>;
  changes: PresenceChange<M>;
  counts: number;
}

/** Those who watch one topic. What they are told is encoded once for all of them. */
export class Observers<M extends PresenceMember> {
  readonly #audiences: { readonly [Kind in keyof Told<M>]: Audience<Told<M>[Kind]> } = {
    feed: new Audience(),
    changes: new Audience(),
    counts: new Audience(),
  };
  /** What a newcomer is told first, kept until it is out of date: those who come at once share it. */
  #state: PresenceMessage<M> | undefined;

  get areCounting(): boolean {
    return this.#audiences.counts.size > 0;
  }

  join<Kind extends keyof Told<M>>(kind: Kind, subscriber: Subscriber<Told<M>[Kind]>): void {
    const audience: Audience<Told<M>[Kind]> = this.#audiences[kind];
    subscriber.add(audience.join(subscriber));
  }

  /** The message that says who is here. */
  state(members: () => readonly M[]): PresenceMessage<M> {
    if (this.#state === undefined) {
      const here = members();
      this.#state = messageOf({ type: 'here', members: here, count: here.length });
    }
    return this.#state;
  }

  /** Tells of a change, those who are fed only if it is not part of something that they are told as a whole. */
  tell(change: PresenceChange<M>, isFed: boolean): void {
    this.#state = undefined;
    // One who comes while the others are told of it sees it in the state, and not a second time.
    if (isFed) this.#deliver('feed', () => messageOf(change));
    this.#deliver('changes', () => change);
  }

  /** Tells who is here. */
  tellState(members: () => readonly M[]): void {
    this.#deliver('feed', () => this.state(members));
  }

  tellCount(count: number): void {
    this.#deliver('counts', () => count);
  }

  /** Forgets the state, as what it says has changed without a word. */
  forget(): void {
    this.#state = undefined;
  }

  complete(): void {
    for (const audience of Object.values(this.#audiences)) {
      const { observers } = audience;
      audience.clear();
      for (const observer of observers) observer.complete();
    }
  }

  #deliver<Kind extends keyof Told<M>>(kind: Kind, make: () => Told<M>[Kind]): void {
    const audience: Audience<Told<M>[Kind]> = this.#audiences[kind];
    if (audience.size === 0) return;
    try {
      new Emission(make()).run(audience);
    } catch (error) {
      // Of a Subscriber of somebody's own: the client whose coming it is about is not to blame.
      reportError('presence', error);
    }
  }
}

function messageOf<M extends PresenceMember>(data: PresenceState<M> | PresenceChange<M>): PresenceMessage<M> {
  return new Message({ data, event: 'presence' });
}
