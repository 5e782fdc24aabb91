import { Subscriber } from 'rxjs';
import { Message } from '../message.ts';
import type { ClientEnd, Demand } from '../pull/demand.ts';
import type { CompositePosition } from './CompositePosition.ts';
import type { Log } from './Log.ts';

/** One log of a combination. */
export interface Part {
  readonly name: string;
  readonly log: Log<unknown>;
  /** What was last made of each of its messages: the clients at the same place share it, and its frames. */
  readonly made: WeakMap<Message, Message>;
}

/** The place in all of the logs that a part belongs to. */
export interface PartOwner extends Pick<Demand, 'ready' | 'whenReady' | 'writeNow'> {
  /** The part knows where it begins. */
  begun(part: PartSubscriber, tell: boolean): void;
  next(part: PartSubscriber, message: Message): void;
  error(error: unknown): void;
  completed(part: PartSubscriber): void;
}

/** What subscribes to one part: for that part, it is the client. */
export class PartSubscriber extends Subscriber<Message> implements ClientEnd, Demand {
  readonly index: number;
  /** The client knows nothing of it, and has yet to be told. */
  isNew: boolean;
  /** It has said that it will say where it begins. */
  isLate = false;
  readonly #owner: PartOwner;
  readonly #part: Part;
  readonly #position: CompositePosition;
  #where: (() => string) | undefined;

  constructor(owner: PartOwner, part: Part, index: number, position: CompositePosition, isNew: boolean) {
    super();
    this.#owner = owner;
    this.#part = part;
    this.#position = position;
    this.index = index;
    this.isNew = isNew;
  }

  get name(): string {
    return this.#part.name;
  }

  get log(): Log<unknown> {
    return this.#part.log;
  }

  /** Where it says that it is. */
  get place(): string | undefined {
    return this.#where && this.#position.usable(this.#where());
  }

  /** A message as one of the combination, the same for all who ask with this id. */
  combined(message: Message, id: string | undefined): Message {
    const made = this.#part.made.get(message);
    if (made !== undefined && made.id === id) return made;
    const { data, retry } = message;
    const combined = new Message({ data, event: this.name, id, retry });
    this.#part.made.set(message, combined);
    return combined;
  }

  get demandOfClient(): Demand {
    return this;
  }

  get ready(): boolean {
    return this.#owner.ready;
  }

  whenReady(resume: () => void): void {
    this.#owner.whenReady(resume);
  }

  writeNow(): void {
    this.#owner.writeNow?.();
  }

  followLater(): void {
    this.isLate = true;
  }

  follow(where: () => string, tell: boolean): void {
    this.#where = where;
    this.#owner.begun(this, tell);
  }

  protected override _next(message: Message): void {
    this.#owner.next(this, message);
  }

  protected override _error(error: unknown): void {
    this.unsubscribe();
    this.#owner.error(error);
  }

  protected override _complete(): void {
    this.unsubscribe();
    this.#owner.completed(this);
  }
}
