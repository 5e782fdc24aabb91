import type { Observer, Subscriber, Unsubscribable } from 'rxjs';
import { later } from '../later.ts';
import { Gap, type GapReason, type Message } from '../message.ts';
import { type Demand, offer } from '../pull/demand.ts';

/** For how many ms messages may be replayed before the event loop turns, and how many come between two looks at the clock. */
const budget = 5;
const stride = 64;

/** What a cursor goes through. Messages are numbered from 1 on. */
export interface CursorLog {
  /** The number after which messages are retained. */
  readonly start: number;
  /** The number of the last message; 0 before the first one. */
  readonly end: number;
  idOf(number: number): string;
  message(number: number): Message;
  /** Has a cursor told of each new message, or of the end at once if there was one. */
  join(cursor: Observer<Message>): Unsubscribable | undefined;
}

/**
 * One client's place in a log. While it is behind it pulls what is retained, as far as the client can take it; when it has
 * come to the end it joins those who are told at once, until the client cannot take more.
 */
export class Cursor implements Observer<Message> {
  readonly #log: CursorLog;
  readonly #subscriber: Subscriber<Message>;
  readonly #demand: Demand | undefined;
  readonly #otherwise: 'live' | 'earliest';
  /** The number of the last message that it has passed on. */
  #offset: number;
  #seat: Unsubscribable | undefined;

  constructor(
    log: CursorLog,
    subscriber: Subscriber<Message>,
    demand: Demand | undefined,
    otherwise: 'live' | 'earliest',
    offset: number,
  ) {
    this.#log = log;
    this.#subscriber = subscriber;
    this.#demand = demand;
    this.#otherwise = otherwise;
    this.#offset = offset;
  }

  /** The id to come back with. */
  get id(): string {
    return this.#log.idOf(this.#offset);
  }

  /** Says that what came before is missing, and goes on from the end, or from the earliest that is retained. */
  skip(reason: GapReason, from: string | undefined): void {
    const { start, end } = this.#log;
    this.#offset = this.#otherwise === 'earliest' ? start : end;
    this.#pass(new Gap(from === undefined ? { reason } : { reason, from }, this.id));
  }

  /** Passes on what is there, and follows. */
  readonly run = (): void => {
    let count = 0;
    let ends = 0;
    while (!this.#subscriber.closed) {
      const { start, end } = this.#log;
      if (this.#offset < start) {
        this.skip('too-far-behind', this.id);
      } else if (this.#offset === end) {
        this.#follow();
        return;
      } else if (this.#demand?.ready === false) {
        this.#demand.whenReady(this.run);
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
        this.#offset += 1;
        this.#pass(this.#log.message(this.#offset));
      }
    }
  };

  /** A new message, while it follows. */
  next(message: Message): void {
    if (this.#demand?.ready === false) {
      this.stop();
      this.#demand.whenReady(this.run);
      return;
    }
    this.#offset = this.#log.end;
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

  #follow(): void {
    this.#seat = this.#log.join(this);
  }

  /** What is subscribed because of this message is for the same client. */
  #pass(message: Message): void {
    const outer = offer(this.#demand);
    try {
      this.#subscriber.next(message);
    } finally {
      offer(outer);
    }
  }
}
