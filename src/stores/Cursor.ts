import type { Observer, Subscriber, Unsubscribable } from 'rxjs';
import { type Segment, type SegmentTaker, takerOf } from '../encoding/Segment.ts';
import { Gap, type GapReason, type Message } from '../message.ts';
import { type Demand, passOn } from '../pull/demand.ts';
import { unref } from '../unref.ts';
import { hasTime, inTurn } from './turns.ts';

/** How many messages are replayed between two looks at the clock. */
export const stride = 16;

/** What a cursor goes through: messages in memory, numbered from 1 on. */
export interface CursorLog {
  /** The number after which messages are there. */
  readonly start: number;
  /** The number of the last message; 0 before the first one. */
  readonly end: number;
  message(number: number): Message;
  /** What clients get as one, if it begins with that number. */
  segment?(number: number): Segment | undefined;
  /** Those that have not come to the end yet: it is not to be waited for without end when there is an end. */
  readonly behind: Set<Observer<Message>>;
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
  /** The client itself, where no operator is between: it can take messages as one. */
  protected readonly taker: SegmentTaker | undefined;
  #seat: Unsubscribable | undefined;

  constructor(log: CursorLog, subscriber: Subscriber<Message>, demand: Demand | undefined, offset: number, id: string) {
    this.log = log;
    this.#subscriber = subscriber;
    this.taker = takerOf(subscriber);
    this.demand = demand;
    this.offset = offset;
    this.id = id;
    subscriber.add(() => {
      this.stop();
      log.behind.delete(this);
    });
  }

  get closed(): boolean {
    return this.#subscriber.closed;
  }

  /** The next message is not in memory any more. @returns whether to go on now, from another place */
  protected abstract overtaken(): boolean;

  /** Passes on what is there, and follows. */
  readonly run = (): void => {
    let left = 0;
    while (!this.closed) {
      const { start, end } = this.log;
      if (this.offset < start) {
        if (!this.overtaken()) return;
      } else if (this.offset === end) {
        this.follow();
        return;
      } else if (this.isFull(this.run)) {
        return;
      } else {
        if (left <= 0) {
          if (!hasTime()) {
            this.inTurn(this.run);
            return;
          }
          left = stride;
        }
        left -= this.#passNext();
      }
    }
  };

  /** Passes on the next message, or all that go together with it, and tells how many that were. */
  #passNext(): number {
    const number = this.offset + 1;
    const passed = this.passSegment(this.taker && this.log.segment?.(number));
    if (passed !== undefined) {
      this.offset += passed;
      return passed;
    }
    // An encoder may have published what this one had to make room for.
    if (this.offset < this.log.start) return 0;
    this.offset = number;
    this.pass(this.log.message(number));
    return 1;
  }

  /** A new message, while it follows. */
  next(message: Message): void {
    if (this.waits(this.run)) {
      this.stop();
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
    this.log.behind.delete(this);
    this.#seat = this.log.join(this);
  }

  /** Goes on in a later turn. To write what comes of it takes longer than to pass it on, and is of the same time. */
  inTurn(goOn: () => void): void {
    // Its page may have come too late.
    if (this.closed) return;
    this.log.behind.add(this);
    inTurn(() => {
      goOn();
      this.demand?.writeNow?.();
    });
  }

  /** Whether the client cannot take more, though what there is was written. */
  protected isFull(goOn: () => void): boolean {
    if (this.demand?.ready === false) this.demand.writeNow?.();
    return this.waits(goOn);
  }

  /** Whether the client cannot take more: it goes on when it can. */
  protected waits(goOn: () => void): boolean {
    if (this.demand?.ready !== false) return false;
    this.log.behind.add(this);
    this.demand.whenReady(goOn);
    return true;
  }

  /** Says that what came before `id` is missing. */
  protected tell(reason: GapReason, from: string | undefined, id: string): void {
    this.pass(new Gap(from === undefined ? { reason } : { reason, from }, id));
  }

  /**
   * Passes on messages as one, where there are some that the client takes so.
   *
   * @returns how many, none while the client cannot take more, and `undefined` where each is to go by itself
   */
  protected passSegment(segment: Segment | undefined): number | undefined {
    if (segment === undefined) return undefined;
    if (this.taker?.takeSegment(segment)) {
      this.id = segment.id;
      return segment.length;
    }
    return this.demand?.ready === false ? 0 : undefined;
  }

  protected pass(message: Message): void {
    if (message.id !== undefined) this.id = message.id;
    passOn(this.#subscriber, message, this.demand);
  }
}

/** How long those that are behind when a log ends have to come to its end, in ms. */
const grace = 30_000;

/** Ends those that have not come to the end in time. */
export function endLate(behind: Set<Observer<Message>>, ending: (cursor: Observer<Message>) => void): void {
  if (behind.size === 0) return;
  const end = (): void => {
    for (const cursor of [...behind]) ending(cursor);
  };
  // Their connections keep the process running, if anything does.
  unref(setTimeout(end, grace));
}
