import type { Observer, Subscriber, Unsubscribable } from 'rxjs';
import { later } from '../later.ts';
import { Gap, type GapReason, type Message } from '../message.ts';
import { type Demand, offer } from '../pull/demand.ts';

/** For how many ms messages may be replayed before the event loop turns, and how many come between two looks at the clock. */
const budget = 5;
const stride = 64;

/** What a cursor goes through: messages in memory, numbered from 1 on. */
export interface CursorLog {
  /** The number after which messages are there. */
  readonly start: number;
  /** The number of the last message; 0 before the first one. */
  readonly end: number;
  message(number: number): Message;
  /** Has a cursor told of each new message, or of the end at once if there was one. */
  join(cursor: Observer<Message>): Unsubscribable | undefined;
}

/**
 * One client's place in a log. While it is behind it pulls what is there, as far as the client can take it; when it has
 * come to the end it joins those who are told at once, until the client cannot take more.
 */
export abstract class Cursor implements Observer<Message> {
  protected readonly log: CursorLog;
  protected readonly demand: Demand | undefined;
  /** The number of the last message that it has passed on. */
  protected offset: number;
  /** The id to come back with. */
  id: string;
  readonly #subscriber: Subscriber<Message>;
  #seat: Unsubscribable | undefined;

  constructor(log: CursorLog, subscriber: Subscriber<Message>, demand: Demand | undefined, offset: number, id: string) {
    this.log = log;
    this.#subscriber = subscriber;
    this.demand = demand;
    this.offset = offset;
    this.id = id;
    subscriber.add(() => this.stop());
  }

  get closed(): boolean {
    return this.#subscriber.closed;
  }

  /** The next message is not in memory any more. @returns whether to go on now, from another place */
  protected abstract overtaken(): boolean;

  /** Passes on what is there, and follows. */
  readonly run = (): void => {
    let count = 0;
    let ends = 0;
    while (!this.closed) {
      const { start, end } = this.log;
      if (this.offset < start) {
        if (!this.overtaken()) return;
      } else if (this.offset === end) {
        this.follow();
        return;
      } else if (this.demand?.ready === false) {
        this.demand.whenReady(this.run);
        return;
      } else {
        if (count % stride === 0) {
          const now = performance.now();
          if (count === 0) ends = now + budget;
          else if (now > ends) {
            later(this.run);
            return;
          }
        }
        count += 1;
        this.offset += 1;
        this.pass(this.log.message(this.offset));
      }
    }
  };

  /** A new message, while it follows. */
  next(message: Message): void {
    if (this.demand?.ready === false) {
      this.stop();
      this.demand.whenReady(this.run);
      return;
    }
    this.offset = this.log.end;
    if (message.id !== undefined) this.id = message.id;
    this.#subscriber.next(message);
  }

  error(error: unknown): void {
    this.#subscriber.error(error);
  }

  complete(): void {
    this.#subscriber.complete();
  }

  stop(): void {
    this.#seat?.unsubscribe();
    this.#seat = undefined;
  }

  protected follow(): void {
    this.#seat = this.log.join(this);
  }

  /** Says that what came before `id` is missing. */
  protected tell(reason: GapReason, from: string | undefined, id: string): void {
    this.pass(new Gap(from === undefined ? { reason } : { reason, from }, id));
  }

  protected pass(message: Message): void {
    if (message.id !== undefined) this.id = message.id;
    // What is subscribed because of this message is for the same client.
    const outer = offer(this.demand);
    try {
      this.#subscriber.next(message);
    } finally {
      offer(outer);
    }
  }
}
